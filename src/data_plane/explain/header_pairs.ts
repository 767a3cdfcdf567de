import type { FieldLines } from "../../http1/field_lines.ts";

/** Returns the header lines that are passed on as pairs of name and value, in order. */
export function headerPairs(lines: FieldLines): [string, string][] {
  const pairs: [string, string][] = [];
  lines.forEach((name, value) => pairs.push([name, value]));
  return pairs;
}
