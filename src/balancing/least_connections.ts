import { type Algorithm, wasTried } from "./algorithm.ts";

/**
 * Fewest requests in flight, over all workers. Ties: round robin, as the first among equals after the one chosen last.
 *
 * O(n), ending early at a target with nothing in flight: one pass over a compact array, about 1 us at 1000 busy
 * targets. A heap would have to be shared and locked between threads for every request that starts or ends, and would
 * cost more.
 */
export const leastConnections: Algorithm = {
  name: "LEAST_CONNECTIONS",
  aliases: ["LEAST_OUTSTANDING_REQUESTS"],
  choice: "it has the fewest requests in flight; equal targets take turns",
  create({ cursor }) {
    return (candidates) => {
      const { count, slots, table: { inFlight }, turns } = candidates;
      for (;;) {
        const seen = turns.turnAt(cursor, count);
        let index = seen < count ? seen : 0;
        let best = index;
        let fewest = Infinity;
        for (let looked = 0; looked < count && fewest > 0; looked++) {
          const load = inFlight[slots[index]!]!;
          if (load < fewest && !wasTried(candidates, index)) {
            fewest = load;
            best = index;
          }
          if (++index === count) index = 0;
        }
        // Another thread took a turn meanwhile: look again, so that both don't take the same one of many equals.
        if (turns.moveTurn(cursor, seen, best + 1)) return best;
      }
    };
  },
  score: ({ slots, table }, index) => `in flight ${table.inFlight[slots[index]!]}`,
};
