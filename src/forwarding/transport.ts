import type { TargetSnapshot } from "../state/group_snapshot.ts";
import type { Failure } from "./gateway_error.ts";

/** A body on its way to or from a target. */
export type UpstreamBody = Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> | null;

/** One request as a transport sends it, once. */
export interface UpstreamRequest {
  readonly target: TargetSnapshot;
  readonly method: string;
  /** Canonical path with its query. */
  readonly path: string;
  /** All headers, `host` included, hop-by-hop ones removed. */
  readonly headers: [string, string][];
  readonly body: UpstreamBody;
  /** Content-Length of the body; -1 where it is chunked. */
  readonly bodyLength: number;
  /** It goes on a connection of its own, which is closed behind it. */
  readonly ownConnection: boolean;
  /** CONNECT_TIMEOUT, for a connection that has to be made. */
  readonly connectTimeoutMs: number;
  readonly cancellation: Cancellation;
}

/** Says of an attempt that no connection was made for it, or that nobody knows. */
export const NO_CONNECT = -1;

/**
 * Where a transport leaves what is to be aborted when the deadline passes or the client leaves: one field, since a signal and
 * somebody who listens to it are 6 % of a small exchange on a plain socket. And, since it is at hand however an attempt ends,
 * how long that attempt's connection took.
 */
export interface Cancellation {
  /** Why it was given up; null while it goes on. */
  readonly over: Failure | null;
  /** What is at work for this exchange; null where there is nothing to abort, or no more. */
  atWork: { abort(): void } | null;
  /**
   * How long making the attempt's connection took, or was tried where it failed; `NO_CONNECT` where a connection was used again,
   * or the transport does not know. Whole microseconds: V8 keeps a small integer without memory of its own.
   */
  connectMicros: number;
}

/** A target's headers as they are read: names in lower case. `Headers` is one such. */
export interface AnswerHeaders {
  /** The value of a header, several of one name joined by a comma; null where there is none. */
  get(name: string): string | null;
  /** Visits each header; several Set-Cookie stay several. */
  forEach(visit: (value: string, name: string) => void): void;
}

/** A target's answer: status and headers are there, the body comes. */
export interface UpstreamResponse {
  readonly status: number;
  readonly headers: AnswerHeaders;
  /** Whole where it came with the head, else a byte stream; null where there is none. */
  readonly body: UpstreamBody;
}

/** Lets go of an answer whose body nobody will read. */
export function discardBody({ body }: UpstreamResponse): void {
  if (body instanceof ReadableStream) body.cancel().catch(() => {});
}

/** A way to speak to targets. Implementations are interchangeable. */
export interface Transport {
  /**
   * Sends a request, at most once on the wire where its method is not idempotent. Rejects with something that
   * {@linkcode Transport.failure} understands: a promise less for each request than a wrapper around it.
   */
  send(request: UpstreamRequest): Promise<UpstreamResponse>;
  /** Tells whether it takes nothing of a streamed body before it is connected with a target, and has sent the head. */
  connectsFirst(target: TargetSnapshot): boolean;
  /** Says in the words of the closed list why `send` rejected. */
  failure(error: unknown): Failure;
  /** What goes before a request's own headers; `host` first, filled in for each attempt. */
  preamble(): [string, string][];
  /** Adds what stands for headers that the client did not send, where the transport would invent others. */
  complete(headers: [string, string][], facts: { readonly userAgent: boolean }): void;
  /** Lets go of idle connections. */
  close(): void;
}
