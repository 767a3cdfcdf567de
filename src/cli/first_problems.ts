import type { Problem } from "../config/config_error.ts";

/** Most lines of one kind that are shown: a file that was not written for sluice may have a mistake on each line. */
const MOST_SHOWN = 100;

/** Returns the first problems or warnings, then a line that says how many more there are. */
export function firstProblems(all: readonly Problem[], what: "problem" | "warning"): readonly Problem[] {
  const more = all.length - MOST_SHOWN;
  if (more <= 0) return all;
  const words = more === 1 ? what : `${what}s`;
  const message = `... and ${more.toLocaleString("en-US")} more ${words}; \`sluice check --json\` lists them all`;
  return [...all.slice(0, MOST_SHOWN), { subject: "", message }];
}
