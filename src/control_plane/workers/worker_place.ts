import type { TargetTable } from "../../state/target_table.ts";
import type { CancelTimer } from "../../time/clock.ts";
import type { WorkerView } from "../../views/system_view.ts";
import type { WorkerHandle } from "./worker_handle.ts";

/** Waits before a replacement: doubling, and back to the first once a worker has lived for a while. */
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 10_000;
const LONG_LIFE_MS = 30_000;

/**
 * What the worker of a place does: it serves (or starts, or is about to be replaced); it begins, to take the place of
 * another (`succeeds`); or it finishes what it has, because another took its place (`leaves`). `free`: there is none.
 */
export type Duty = "free" | "serves" | "succeeds" | "leaves";

/** A place for one worker, with a column of its own in the target table. */
export interface WorkerPlace {
  /** The number of its worker, and of its column. */
  readonly worker: number;
  duty: Duty;
  handle: WorkerHandle | null;
  /** It has loaded its code. */
  loaded: boolean;
  /** It drained: nothing is open in it any more. */
  drained: boolean;
  startedMs: number;
  backoffMs: number;
  restarts: number;
  heartbeat: number;
  heartbeatMs: number;
  /** How long it has been without a heartbeat while this thread ran. */
  silentMs: number;
  /** What happens next: its replacement, or the end of the time that it has to leave. */
  timer: CancelTimer | null;
  /** Of a worker that succeeds: the one that leaves for it. */
  predecessor: WorkerPlace | null;
  /** Of a worker that leaves: another is started in the same place then. */
  returns: boolean;
  /** Monotonic ms. */
  leavesSinceMs: number;
}

/** Makes a place without a worker. */
export function makePlace(worker: number, duty: Duty): WorkerPlace {
  return {
    worker,
    duty,
    handle: null,
    loaded: false,
    drained: false,
    startedMs: 0,
    backoffMs: FIRST_BACKOFF_MS,
    restarts: 0,
    heartbeat: 0,
    heartbeatMs: 0,
    silentMs: 0,
    timer: null,
    predecessor: null,
    returns: false,
    leavesSinceMs: 0,
  };
}

/** Ends a place's worker, and cancels the steps that were planned for it. */
export function endNow(place: WorkerPlace): void {
  place.timer?.();
  place.timer = null;
  place.handle?.terminate();
  place.handle = null;
}

/** Says how long to wait before another worker is started in a place whose worker has ended. */
export function nextWaitMs(place: WorkerPlace, nowMs: number): number {
  if (nowMs - place.startedMs > LONG_LIFE_MS) place.backoffMs = FIRST_BACKOFF_MS;
  const waitMs = place.backoffMs;
  place.backoffMs = Math.min(waitMs * 2, LONGEST_BACKOFF_MS);
  return waitMs;
}

/** What operators see of a place's worker. */
export function viewOf(
  { worker, duty, restarts, heartbeatMs }: WorkerPlace,
  { table, nowMs }: { readonly table: TargetTable; readonly nowMs: number },
): WorkerView {
  return {
    worker,
    leaving: duty === "leaves",
    generation: table.life(worker).generation,
    restarts,
    heartbeatAgeMs: Math.max(0, Math.round(nowMs - heartbeatMs)),
  };
}
