import { formatCount, formatMs, formatShare } from "./format.js";

/**
 * The numbers in a target's row, from left to right. `text` and `bad` are given the target's record, which has the numbers of
 * live_numbers.ts by their names; `rem` is the column's width on a wide screen.
 */
export function targetColumns() {
  return [
    { label: "in flight", rem: 3.6, text: ({ inFlight }) => formatCount(inFlight) },
    { label: "attempts/s", rem: 3.8, text: ({ perSecond }) => formatCount(perSecond) },
    { label: "errors", rem: 4.2, text: ({ errorRate }) => formatShare(errorRate), bad: hasErrors },
    { label: "TTFB ms", rem: 11.5, text: ttfbText },
  ];
}

/** Shows the percentiles of the times to the response headers. */
export function ttfbText({ p50, p90, p99 }) {
  return formatMs(p50) + " / " + formatMs(p90) + " / " + formatMs(p99);
}

/** Tells whether so many requests failed that it should be seen. */
export function hasErrors({ errorRate }) {
  return errorRate >= 0.01;
}
