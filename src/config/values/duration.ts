import { quote } from "../../logging/shown_text.ts";
import { Refusal, type ValueKind } from "./value_kind.ts";

/** Units in milliseconds, the largest first. */
const UNITS: readonly (readonly [name: string, ms: number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
];

/** Longest wait of the platform's timers: about 24 days. */
const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * Parses a duration as milliseconds: a bare number (of `ms`), or one with a unit; null if it is not a duration.
 *
 * ```ts
 * import { equal } from "node:assert/strict";
 * equal(parseDuration("500"), 500);
 * equal(parseDuration("1.5s"), 1500);
 * equal(parseDuration("5 minutes"), null);
 * ```
 */
export function parseDuration(text: string): number | null {
  const match = /^(\d+)(\.\d+)?\s*(ms|s|m|h|d)?$/i.exec(text);
  if (match === null) return null;
  const unitName = (match[3] ?? "ms").toLowerCase();
  // Half a millisecond is of no use: the unit is probably wrong.
  if (unitName === "ms" && match[2] !== undefined) return null;
  const unitMs = UNITS.find(([name]) => name === unitName)![1];
  const value = Math.round(Number(`${match[1]}${match[2] ?? ""}`) * unitMs);
  return Number.isSafeInteger(value) ? value : null;
}

/** Writes milliseconds with the largest unit that divides them, so that they parse to the same value. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0";
  const [name, unitMs] = UNITS.find(([, unitMs]) => ms % unitMs === 0) ?? UNITS[4]!;
  return `${ms / unitMs}${name}`;
}

/** Makes the kind of durations of at least `leastMs`. */
export function duration(leastMs: 0 | 1, mostMs: number = LONGEST_TIMER_MS): ValueKind<number> {
  const mustBe = `a duration ${leastMs === 0 ? "of 0 or more" : "above 0"}` +
    ` in milliseconds or with a unit (500ms, 30s, 5m), at most ${mostMs} ms`;
  return {
    words: "duration, ms",
    parse: (text) => {
      const value = parseDuration(text);
      return value !== null && value >= leastMs && value <= mostMs ? value : new Refusal(mustBe);
    },
    format: formatDuration,
  };
}

/** Tells whether a text is a bare number, whose unit is the variable's. */
export function isBareNumber(text: string): boolean {
  return /^\d+(\.\d+)?$/.test(text);
}

/** A bare number of milliseconds up to this, as the timeout of requests, is probably meant as seconds. */
const LOOKS_LIKE_SECONDS_MS = 60;

/** Advises to write a unit if a timeout was probably meant as seconds: `CONNECTION_TIMEOUT=5`. */
export function adviceOnSeconds(ms: number, text: string): string[] {
  if (!isBareNumber(text) || ms < 1 || ms > LOOKS_LIKE_SECONDS_MS) return [];
  return [`${quote(text)} is milliseconds; write "${text}s" if you mean seconds`];
}
