import type { BodySource } from "../http1/body_source.ts";
import type { Bytes } from "../http1/bytes.ts";
import type { FieldLines } from "../http1/field_lines.ts";
import type { TunnelEnd } from "../http1/tunnel_end.ts";
import type { TargetSnapshot } from "../state/group_snapshot.ts";
import type { Failure } from "./gateway_error.ts";

/** The connect time of an attempt that made no connection, or whose transport does not know. */
export const NO_CONNECT = -1;

/** A request's body for one attempt: all its bytes, or a source to read them from. */
export type AttemptBody = Bytes | BodySource | null;

/** A request as one attempt sends it to its target, once. */
export interface TargetRequest {
  readonly target: TargetSnapshot;
  readonly method: string;
  /** Canonical path with its query. */
  readonly path: string;
  /** The Host that the target sees. */
  readonly host: string;
  /** The client's header lines; those that are not dropped go on, in their order. */
  readonly lines: FieldLines;
  /** Lines of sluice's own, behind the client's. */
  readonly own: readonly (readonly [string, string])[];
  readonly body: AttemptBody;
  /** Content-Length; -1 if the length is not known. */
  readonly bodyLength: number;
  /** The `Upgrade` that the client asks for; null for none. */
  readonly upgrade: string | null;
  /** It carries credentials that authenticate a connection: it goes on one of its own. */
  readonly ownConnection: boolean;
  readonly connectTimeoutMs: number;
  readonly cancellation: Cancellation;
}

/**
 * Where a transport leaves what is to be aborted when the deadline passes or the client leaves, and what it learned
 * meanwhile.
 */
export interface Cancellation {
  /** Why it was given up; null while it goes on. */
  readonly over: Failure | null;
  /** What is at work for this exchange; null if there is nothing to abort. */
  atWork: { abort(): void } | null;
  /**
   * How long making the attempt's connection took, or was tried; `NO_CONNECT` if a connection was used again, or the
   * transport does not know. Whole microseconds.
   */
  connectMicros: number;
  /** The deadline pauses between `true` and `false`: nothing was sent to the target yet. */
  hold(begins: boolean): void;
  /** The client's body can't be read to its end: the attempt can't be completed. */
  bodyBroken(error: unknown): void;
}

/** A target's response: its head is there, its body comes. */
export interface TargetResponse {
  readonly status: number;
  /** The reason phrase as it came; null for the usual one. */
  readonly phrase: string | null;
  readonly lines: FieldLines;
  /** Content-Length; -1 if there is none. */
  readonly contentLength: number;
  /** The body; null if there is none. Its pieces are lent until the next read, or `close`. */
  readonly body: BodySource | null;
  /**
   * Ends the exchange with the target: its connection can be used again if the response was read whole, else it is
   * closed.
   */
  close(): void;
  /** The protocol was switched (101): the connection itself, which is the caller's from then on. */
  tunnel(): TunnelEnd;
}

/** A way to speak to targets. Implementations are interchangeable. */
export interface Transport {
  /**
   * Sends a request, at most once on the wire if its method is not idempotent, and reads up to the head of its
   * response; a failure is a value. Interim responses go to `interim`.
   */
  send(request: TargetRequest, interim: Interim): Promise<TargetResponse | Failure>;
  /** Tells whether it takes nothing of a body before it is connected with the target. */
  connectsFirst(target: TargetSnapshot): boolean;
  /** Lets go of idle connections. */
  close(): void;
}

/** Takes an interim response (1xx) to the client. */
export type Interim = (response: { status: number; phrase: string | null; lines: FieldLines }) => Promise<void>;
