import { processTree, threadsOf, type ThreadStat } from "./proc_stat.ts";

/** What a process and its living descendants have used so far. */
export interface CpuReading {
  /** By ticks: coarse, but with the threads that ended. */
  readonly tickMicros: number;
  /**
   * How far the difference of two such numbers can be off: user and system time are rounded by themselves in each
   * process.
   */
  readonly tickErrorMicros: number;
  /** By the nanosecond, and only those that live. */
  readonly threads: readonly ThreadStat[];
}

/** What was used between two readings. */
export interface CpuUse {
  readonly micros: number;
  /** Of the threads that live at the end, by name; threads of one name are taken together. */
  readonly byThread: Readonly<Record<string, number>>;
}

const TICK_ERROR_MICROS = 20_000;

/** Reads what a process, all its threads and its living descendants have used. */
export function readCpu(pid: number): CpuReading {
  const processes = processTree(pid);
  return {
    tickMicros: processes.reduce((sum, { cpuMicros }) => sum + cpuMicros, 0),
    tickErrorMicros: processes.length * TICK_ERROR_MICROS,
    threads: processes.flatMap(({ pid }) => threadsOf(pid)),
  };
}

/**
 * CPU time between two readings: the sum over the threads, in nanoseconds. What a thread used that ended in between is
 * missing there; if that is more than the ticks can be wrong by, the ticks are taken.
 */
export function cpuUsed(before: CpuReading, after: CpuReading): CpuUse {
  const earlier = new Map(before.threads.map(({ id, cpuMicros }) => [id, cpuMicros]));
  const byThread: Record<string, number> = {};
  let exact = 0;
  for (const { id, name, cpuMicros } of after.threads) {
    const used = cpuMicros - (earlier.get(id) ?? 0);
    byThread[name] = (byThread[name] ?? 0) + used;
    exact += used;
  }
  const ticks = after.tickMicros - before.tickMicros;
  const isWhole = after.threads.length > 0 && ticks - exact <= after.tickErrorMicros;
  return { micros: isWhole ? exact : ticks, byThread };
}
