import type { Algorithm } from "./algorithm.ts";

/**
 * Each target in turn, in the group's order. O(1). One circle for all threads, in shared memory, so that the order is
 * exact however many workers there are. No ties.
 */
export const roundRobin: Algorithm = {
  name: "ROUND_ROBIN",
  aliases: [],
  choice: "it is this target's turn",
  create({ cursor }) {
    return ({ turns, count }) => turns.nextTurn(cursor, count);
  },
  score: (_candidates, index) => `turn ${index}`,
};
