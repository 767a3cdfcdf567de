/**
 * Writes a count with its word, in the plural if it is not 1.
 *
 * ```ts
 * import { equal } from "node:assert/strict";
 *
 * equal(counted(1, "retry", "retries"), "1 retry");
 * equal(counted(2, "problem"), "2 problems");
 * ```
 */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
