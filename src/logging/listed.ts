/** How many a log line names, of however many there are. */
export const MOST_LISTED = 10;

/**
 * Names a few things, and of many says how many there are and the first ten.
 *
 * ```ts
 * import { equal } from "node:assert/strict";
 * equal(listed(["a", "b"], "names"), "a, b");
 * equal(listed([..."abcdefghijkl"], "names"), "12 names: a, b, c, d, e, f, g, h, i, j and 2 more");
 * ```
 */
export function listed(values: readonly string[], what: string): string {
  if (values.length <= MOST_LISTED) return values.join(", ");
  return `${values.length} ${what}: ${firstOf(values).join(", ")} and ${values.length - MOST_LISTED} more`;
}

/** The first ten, for a field of a log line. */
export function firstOf(values: readonly string[]): readonly string[] {
  return values.slice(0, MOST_LISTED);
}
