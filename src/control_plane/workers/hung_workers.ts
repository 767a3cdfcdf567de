import type { TargetTable } from "../../state/target_table.ts";
import type { WorkerPlace } from "./worker_place.ts";

/** A worker whose heartbeat stops for this long hangs. */
export const HANG_MS = 5000;
/** How often to look. */
export const WATCH_MS = 500;

/**
 * Finds workers without a heartbeat. Only time in which this thread ran counts: if the whole process stood still (a
 * frozen container, a migrated machine), no worker hangs. `sinceMs` is when it was called before.
 */
export function findHung(
  places: readonly WorkerPlace[],
  { nowMs, sinceMs, table }: { readonly nowMs: number; readonly sinceMs: number; readonly table: TargetTable },
): WorkerPlace[] {
  const passedMs = Math.min(nowMs - sinceMs, 2 * WATCH_MS);
  return places.filter((place) => {
    if (place.handle === null || !place.loaded) return false;
    const { heartbeat } = table.life(place.worker);
    if (heartbeat === place.heartbeat) return (place.silentMs += passedMs) > HANG_MS;
    place.heartbeat = heartbeat;
    place.heartbeatMs = nowMs;
    place.silentMs = 0;
    return false;
  });
}

/** Says that a worker hung, and what to do. */
export function hungText({ worker }: Pick<WorkerPlace, "worker">): string {
  return `Worker ${worker} did not turn for ${HANG_MS} ms; restart the process soon, since its thread may still hold ` +
    "a share of the listener";
}
