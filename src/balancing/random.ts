import type { Algorithm } from "./algorithm.ts";

/** Any target, each as likely as the others. O(1). No ties. */
export const random: Algorithm = {
  name: "RANDOM",
  aliases: [],
  choice: "it was chosen at random, so the next request may go elsewhere",
  create(_group, { random }) {
    return ({ count }) => Math.floor(random() * count);
  },
  score: ({ count }) => `chance 1 in ${count}`,
};
