import type { Algorithm } from "./algorithm.ts";
import { roundRobin } from "./round_robin.ts";

/**
 * A cookie keeps a client on its target; the first choice, and the next where that target is lost, is round robin's. O(1).
 * The cookie itself is `stickiness.ts`.
 */
export const sticky: Algorithm = {
  ...roundRobin,
  name: "STICKY",
  aliases: [],
  choice: "a client without a valid cookie gets the target whose turn it is, and a cookie for it",
  sticky: true,
};
