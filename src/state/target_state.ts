import { FLAG } from "./slot_layout.ts";

/**
 * What sluice believes about a target. `initial`: checks are on and no probe has succeeded yet, serves. `healthy`:
 * serves (even if checks are off). `unhealthy`: enough consecutive probes failed. `ejected`: live connections failed.
 * `draining`: left the group or was drained; finishes what it has and gets nothing new.
 */
export type TargetStateName = "initial" | "healthy" | "unhealthy" | "ejected" | "draining";

/** The state that a target's flags show; where several hold, the one that will last longest. */
export function stateOfFlags(flags: number, probed: boolean): TargetStateName {
  if ((flags & FLAG.draining) !== 0) return "draining";
  if ((flags & FLAG.unhealthy) !== 0) return "unhealthy";
  if ((flags & FLAG.ejected) !== 0) return "ejected";
  return probed ? "healthy" : "initial";
}

/** A state as people are shown it: without checks it is unknown whether a target is healthy. */
export function shownState(state: TargetStateName, checked: boolean): TargetStateName | "unchecked" {
  return state === "healthy" && !checked ? "unchecked" : state;
}
