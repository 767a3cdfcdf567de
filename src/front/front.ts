import type { Reason } from "../state/reason.ts";
import type { ReceivedRequest } from "./received_request.ts";
import type { Reply } from "./reply.ts";

/** A request that was never known: its head broke a rule, was too large, or did not come in time or to its end. */
export interface Unreadable {
  readonly peer: string;
  readonly reason: Extract<
    Reason,
    "bad_request" | "head_too_large" | "uri_too_long" | "head_timeout" | "version_refused" | "client_closed"
  >;
  /** Which rule, for the log. */
  readonly detail: string;
  /** The method, if it was read; else empty. */
  readonly method: string;
}

/** What an engine gives requests to. Neither method throws. */
export interface RequestHandler {
  /** Serves a request. Resolves when the response has ended or was cut, or `Reply.sent` will tell. */
  handle(request: ReceivedRequest, reply: Reply, client: ClientEvents): Promise<void>;
  /** Responds to a request that could not be read, and logs it. */
  refuse(unreadable: Unreadable, reply: Reply): Promise<void>;
}

/** How a request's client is watched while nothing is read from it or written to it. */
export interface ClientEvents {
  /** Called once when the client leaves before its response has ended. */
  onLeft: (() => void) | null;
  /** Called now and then until the response begins: looks whether the client is still there. */
  probe(nowMs: number): void;
  /** It has ended its side, and took interim responses since: it waits for its response. */
  readonly stillReads: boolean;
  /** The client has ended its side of the connection. */
  readonly halfClosed: boolean;
}
