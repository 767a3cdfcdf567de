import type { StatusRange } from "../config/model.ts";

/** Tells whether a status counts as success (`_HEALTH_CHECK_MATCHER`; the ranges are inclusive). */
export function matchesStatus(matcher: readonly StatusRange[], status: number): boolean {
  return matcher.some(({ from, to }) => from <= status && status <= to);
}
