import type { Problem } from "../config/config_error.ts";

/**
 * Most lines of one kind that are shown to a person: a file that is none of sluice's may have a mistake on every line.
 */
export const MOST_LISTED = 100;

/** Gives the first problems or warnings, and behind them a line on how many more there are. */
export function listed(all: readonly Problem[], what: "problem" | "warning"): readonly Problem[] {
  const more = all.length - MOST_LISTED;
  if (more <= 0) return all;
  const count = `${more.toLocaleString("en-US")} more ${what}${more === 1 ? "" : "s"}`;
  const message = `... and ${count}; \`sluice check --json\` lists them all`;
  return [...all.slice(0, MOST_LISTED), { subject: "", message }];
}
