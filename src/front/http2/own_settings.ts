import { Setting } from "../../http2/settings.ts";
import type { HeadLimits } from "../../http1/request_head.ts";

/** Requests of one connection that may be open at a time; more are refused. */
export const MOST_STREAMS = 200;
/** Bytes of a request's body that a client may send before any of them was passed on. */
export const STREAM_WINDOW = 524_288;
/** The same for all requests of a connection. */
export const CONNECTION_WINDOW = 2_097_152;
/** What a window is before anybody says otherwise (RFC 9113 section 6.9.2). */
export const FIRST_WINDOW = 65_535;

/** What a client is told first: pairs of an identifier and a value. All else is as the protocol begins. */
export function ownSettings({ bytes }: Pick<HeadLimits, "bytes">): (readonly [number, number])[] {
  return [
    [Setting.MAX_CONCURRENT_STREAMS, MOST_STREAMS],
    [Setting.INITIAL_WINDOW_SIZE, STREAM_WINDOW],
    [Setting.MAX_HEADER_LIST_SIZE, bytes],
  ];
}
