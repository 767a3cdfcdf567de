import type { TargetSnapshot } from "../state/group_snapshot.ts";
import type { Failure } from "./gateway_error.ts";

/** A request's body on its way to a target. */
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
  /** Aborted when the deadline passes or the client leaves. */
  readonly signal: AbortSignal;
}

/** A target's answer: status and headers are there, the body comes. */
export interface UpstreamResponse {
  readonly status: number;
  /** As the target sent them; several of one name stay several. */
  readonly headers: Headers;
  /** A byte stream; null where there is none. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | null;
}

/** A way to speak to targets. Implementations are interchangeable. */
export interface Transport {
  /**
   * Sends a request, at most once on the wire where its method is not idempotent. Rejects with something that
   * {@linkcode Transport.failure} understands: a promise less for each request than a wrapper around it.
   */
  send(request: UpstreamRequest): Promise<UpstreamResponse>;
  /** Says in the words of the closed list why `send` rejected. */
  failure(error: unknown): Failure;
  /** What goes before a request's own headers; `host` first, filled in for each attempt. */
  preamble(): [string, string][];
  /** Adds what stands for headers that the client did not send, where the transport would invent others. */
  complete(headers: [string, string][], facts: { readonly userAgent: boolean }): void;
  /** Lets go of idle connections. */
  close(): void;
}
