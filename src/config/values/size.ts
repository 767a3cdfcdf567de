import { Refusal, type ValueKind } from "./value_kind.ts";

/** Bytes of each unit: powers of 1024, as in nginx and most proxies. */
const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/**
 * Parses a size as bytes: a bare number, or one with `k`, `m` or `g` (also `KB`, `MiB`); null if it is not a size.
 *
 * ```ts
 * import { equal } from "node:assert/strict";
 * equal(parseSize("10m"), 10_485_760);
 * equal(parseSize("1.5m"), null);
 * ```
 */
export function parseSize(text: string): number | null {
  const match = /^(\d{1,16})\s*(?:b|([kmg])(?:i?b)?)?$/i.exec(text);
  if (match === null) return null;
  const bytes = Number(match[1]) * UNITS[(match[2] ?? "").toLowerCase()]!;
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** A size of 0 or more. */
export const SIZE: ValueKind<number> = {
  words: "bytes, or with `k`, `m`, `g`",
  parse: (text) =>
    parseSize(text) ??
      new Refusal(`a whole number of bytes, or one with k, m or g (10m is 10485760), 0 to ${2 ** 53 - 1}`),
  format: String,
};
