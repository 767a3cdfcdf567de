import type { Algorithm } from "./algorithm.ts";

/** Any target, each as likely as the others. O(1). No ties. */
export const random: Algorithm = {
  name: "RANDOM",
  aliases: [],
  create(_group, { random }) {
    return ({ count }) => Math.floor(random() * count);
  },
  score: ({ count }) => `chance 1 in ${count}`,
};
