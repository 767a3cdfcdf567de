import type { HeadLimits } from "../../http1/request_head.ts";
import type { ReceivedRequest } from "../received_request.ts";

/** Where a request of the platform's engine came from, and what is allowed there. */
export interface Origin extends Pick<ReceivedRequest, "protocol" | "version"> {
  /** Watches whether the client takes what is sent to it; null if nobody does. */
  readonly taking: Taking | null;
  /** Limits of its head beside the platform's own; null if there are none. */
  readonly head: HeadLimits | null;
  /** The platform tells that a client left, or took its request back, only to those who ask before it does. */
  readonly leavesEarly: boolean;
}

/** Hears of responses that clients should take. */
export interface Taking {
  /** The client is sent something. */
  owed(): void;
  /** It took that, or is gone. */
  paid(): void;
}

/** A listener with TLS of `Deno.serve`: HTTP/1.1 or 2. */
export const SECURE: Origin = { protocol: "https", version: null, taking: null, head: null, leavesEarly: true };
/** A listener without TLS; the platform does not say which version of HTTP a client speaks. */
export const PLAIN: Origin = { protocol: "http", version: null, taking: null, head: null, leavesEarly: false };
