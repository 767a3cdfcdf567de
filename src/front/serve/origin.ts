import type { ReceivedRequest } from "../received_request.ts";

/** Where a request of the platform's engine came from. */
export interface Origin extends Pick<ReceivedRequest, "protocol" | "version"> {
  /** The platform tells that a client left, or took its request back, only to those who ask before it does. */
  readonly leavesEarly: boolean;
}

/** A listener with TLS of `Deno.serve`: HTTP/1.1 or 2. */
export const SECURE: Origin = { protocol: "https", version: null, leavesEarly: true };
/** A listener without TLS; the platform does not say which version of HTTP a client speaks. */
export const PLAIN: Origin = { protocol: "http", version: null, leavesEarly: false };
