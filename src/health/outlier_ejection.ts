import type { EjectionConfig } from "../config/model.ts";

/** Longest ejection, however often it is repeated. */
const LONGEST_EJECTION_MS = 300_000;

/** After this long without an ejection, the next one is as short as the first. */
const EJECTION_MEMORY_MS = 300_000;

/** A target's ejections. Immutable; the functions here return the next record. */
export interface EjectionRecord {
  /** Consecutive ejections, including the present one. */
  readonly streak: number;
  /** When the present ejection began and ends (monotonic ms); null if the target is not ejected. */
  readonly present: { readonly sinceMs: number; readonly untilMs: number } | null;
  /** When the last one ended (monotonic ms). */
  readonly endedMs: number;
  /** All ejections of the target. */
  readonly total: number;
}

export const NEVER_EJECTED: EjectionRecord = { streak: 0, present: null, endedMs: 0, total: 0 };

/** The target's group, as far as the decision depends on it. */
export interface EjectionGroup {
  readonly targets: number;
  readonly ejected: number;
}

/**
 * Decides whether a run of connection failures ejects a target, and for how long. Returns the record with the ejection,
 * or null if the target stays in: too few failures, already ejected, or half of its group is out. One target may always
 * be ejected, even the only one.
 *
 * The time doubles with each consecutive ejection, up to 5 minutes. A target that returns keeps its run of failures, so
 * its next failed connection ejects it again; a response or a successful probe ends the run.
 */
export function eject(
  record: EjectionRecord,
  consecutive: number,
  { config, group, nowMs }: { config: EjectionConfig; group: EjectionGroup; nowMs: number },
): EjectionRecord | null {
  if (!config.enabled || record.present !== null || consecutive < config.failures) return null;
  if (group.ejected >= mostEjected(group.targets)) return null;
  const remembered = record.total > 0 && nowMs - record.endedMs < EJECTION_MEMORY_MS;
  const streak = remembered ? record.streak + 1 : 1;
  const lengthMs = Math.min(LONGEST_EJECTION_MS, config.timeMs * 2 ** Math.min(streak - 1, 30));
  return {
    streak,
    present: { sinceMs: nowMs, untilMs: nowMs + lengthMs },
    endedMs: record.endedMs,
    total: record.total + 1,
  };
}

/** How many of a group's targets may be out at once: half of them, but at least one. */
export function mostEjected(targets: number): number {
  return Math.max(1, Math.floor(targets / 2));
}

/** Ends the present ejection. */
export function release(record: EjectionRecord, nowMs: number): EjectionRecord {
  return record.present === null ? record : { ...record, present: null, endedMs: nowMs };
}
