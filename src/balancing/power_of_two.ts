import type { Algorithm } from "./algorithm.ts";

/**
 * The better of two random targets by requests in flight. O(1). The second draw is uniform over the other targets:
 * drawn from one fewer and moved past the first, since drawing again until they differ takes unbounded time, and taking
 * the neighbour instead favours it. Ties: the first drawn, which is as random as any. Source: M. Mitzenmacher, The
 * Power of Two Choices in Randomized Load Balancing (2001).
 */
export const powerOfTwo: Algorithm = {
  name: "POWER_OF_TWO",
  aliases: [],
  choice: "of two targets chosen at random it has fewer requests in flight, so the next request may go elsewhere",
  create(_group, { random }) {
    return ({ count, slots, table: { inFlight } }) => {
      if (count === 1) return 0;
      const one = Math.floor(random() * count);
      let other = Math.floor(random() * (count - 1));
      if (other >= one) other++;
      return inFlight[slots[other]!]! < inFlight[slots[one]!]! ? other : one;
    };
  },
  score: ({ slots, table }, index) => `in flight ${table.inFlight[slots[index]!]}`,
};
