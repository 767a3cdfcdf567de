import type { BodySource } from "../http1/body_source.ts";
import type { FieldLines } from "../http1/field_lines.ts";
import type { Reason } from "../state/reason.ts";

/** A version of HTTP, as logs name it. */
export type HttpVersion = "HTTP/1.0" | "HTTP/1.1" | "HTTP/2";

/** A client's request, as the chain asks for it, whatever engine received it. */
export interface ReceivedRequest {
  readonly method: string;
  /** The request target as it came: a path with its query, an absolute URL, or `*`. */
  readonly target: string;
  /** The Host header; null if there is none. */
  readonly host: string | null;
  /** Address of the peer. */
  readonly peer: string;
  readonly protocol: "http" | "https";
  /** Null if the engine does not tell. */
  readonly version: HttpVersion | null;
  readonly lines: FieldLines;
  /**
   * Content-Length; 0 if there is no body, -1 if its length is not known, `UNANNOUNCED` if only reading tells whether
   * there is one.
   */
  readonly bodyLength: number;
  /** Null if there is none. */
  readonly body: BodySource | null;
  /** The client sends its body when the target asks for it (`Expect: 100-continue`). */
  readonly awaitsContinue: boolean;
  /** The protocol that the client asks to switch to, if the engine can switch to it; null for none. */
  readonly upgrade: string | null;
  /** Why the request is refused before anything else is looked at; null if it is not. */
  readonly malformed: Reason | null;
  /** Looks for why the engine can't give the request to a target unchanged; null if it can. */
  unfit(): Unfit | null;
}

/** Why a request is refused, and what is said beside that. */
export interface Unfit {
  readonly reason: Reason;
  /** What exactly is wrong, in words. */
  readonly detail: string | null;
  /** Takes the place of the reason's status. */
  readonly status?: number;
  readonly own?: readonly (readonly [string, string])[];
}
