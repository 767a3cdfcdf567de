import type { Algorithm } from "./algorithm.ts";

/**
 * Fewest requests in flight, over all workers. Ties: round robin, as the first among equals after the one chosen last.
 *
 * O(n), ending early at a target with nothing in flight: one pass over a compact array, about 1 us at 1000 busy targets. A
 * heap would have to be shared and locked between threads for every request that starts or ends, and would cost more.
 */
export const leastConnections: Algorithm = {
  name: "LEAST_CONNECTIONS",
  aliases: ["LEAST_OUTSTANDING_REQUESTS"],
  choice: "it has the fewest requests in flight; equal targets take turns",
  create({ cursor }) {
    return ({ count, slots, table: { inFlight }, turns }) => {
      for (;;) {
        const seen = turns.turnAt(cursor, count);
        let index = seen < count ? seen : 0;
        let best = index;
        let fewest = inFlight[slots[index]!]!;
        for (let looked = 1; looked < count && fewest > 0; looked++) {
          if (++index === count) index = 0;
          const load = inFlight[slots[index]!]!;
          if (load < fewest) {
            fewest = load;
            best = index;
          }
        }
        // Another thread took a turn meanwhile: look again, lest both take the same one of many equals.
        if (turns.moveTurn(cursor, seen, best + 1)) return best;
      }
    };
  },
  score: ({ slots, table }, index) => `in flight ${table.inFlight[slots[index]!]}`,
};
