import type { FrontConfig } from "../config/model.ts";
import type { HeadLimits } from "../http1/request_head.ts";

/** Longest request line; a longer one gets 414. */
const MAX_LINE_BYTES = 32_768;

/** Limits of a request's head with the engine wire: LISTENER_MAX_HEAD_BYTES, LISTENER_MAX_HEAD_LINES. */
export function headLimits({ maxHeadBytes, maxHeadLines }: FrontConfig): HeadLimits {
  return { bytes: maxHeadBytes, lines: maxHeadLines, lineBytes: Math.min(MAX_LINE_BYTES, maxHeadBytes) };
}
