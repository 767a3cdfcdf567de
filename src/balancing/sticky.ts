import type { Algorithm } from "./algorithm.ts";
import { roundRobin } from "./round_robin.ts";

/**
 * Round robin with stickiness: a cookie keeps a client on its target (`stickiness.ts`). Round robin makes the first
 * choice, and the next if that target is lost. O(1). With STICKINESS_ENABLED a group of any algorithm does the same.
 */
export const sticky: Algorithm = {
  ...roundRobin,
  name: "STICKY",
  aliases: [],
  choice: "a client without a valid cookie gets the target whose turn it is, and a cookie for it",
  sticky: true,
};
