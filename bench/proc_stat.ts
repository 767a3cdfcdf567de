/** Reading what Linux counts for a process: `/proc/PID/stat`, `/proc/PID/status` and `/proc/PID/task`, see proc(5). */

/** Ticks of `/proc/PID/stat` per second (USER_HZ): 100 on every Linux that Deno runs on. */
const TICKS_PER_SECOND = 100;

/** A process as its `stat` tells it. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** CPU time of all its threads, those that ended too, user and system: each of the two in whole ticks of 10 ms. */
  readonly cpuMicros: number;
}

/** A thread as its `comm` and `schedstat` tell it. */
export interface ThreadStat {
  readonly id: number;
  readonly name: string;
  /** Time on a CPU, user and system: read in nanoseconds. */
  readonly cpuMicros: number;
}

/** Resident memory of a process and its living descendants, in bytes. Pages that they share count for each. */
export function residentBytes(pid: number): number {
  let bytes = 0;
  for (const process of processTree(pid)) {
    const found = /^VmRSS:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${process.pid}/status`));
    bytes += Number(found?.[1] ?? 0) * 1024;
  }
  return bytes;
}

/** A process, first, and its living descendants. */
export function processTree(pid: number): ProcessStat[] {
  const all: ProcessStat[] = [];
  for (const entry of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(entry.name)) continue;
    const stat = readStat(Number(entry.name));
    if (stat !== null) all.push(stat);
  }
  const found = all.filter((process) => process.pid === pid);
  if (found.length === 0) throw new Error(`The process ${pid} has ended`);
  for (let i = 0; i < found.length; i++) found.push(...all.filter((process) => process.parent === found[i]!.pid));
  return found;
}

/** The living threads of a process; none if the kernel keeps no `schedstat`. */
export function threadsOf(pid: number): ThreadStat[] {
  const threads: ThreadStat[] = [];
  const directory = `/proc/${pid}/task`;
  try {
    for (const { name: id } of Deno.readDirSync(directory)) {
      const nanos = textOf(`${directory}/${id}/schedstat`)?.split(" ")[0];
      const name = textOf(`${directory}/${id}/comm`)?.trim();
      if (nanos === undefined || name === undefined) continue; // it ended meanwhile
      threads.push({ id: Number(id), name, cpuMicros: Number(nanos) / 1000 });
    }
  } catch {
    // the process ended meanwhile
  }
  return threads;
}

function readStat(pid: number): ProcessStat | null {
  const text = textOf(`/proc/${pid}/stat`);
  if (text === null) return null; // it ended meanwhile
  // the name stands in parentheses and may hold anything; fields are counted behind it, the first one is number 3 of
  // proc(5)
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (number: number) => Number(fields[number - 3]);
  return { pid, parent: field(4), cpuMicros: (field(14) + field(15)) * (1e6 / TICKS_PER_SECOND) };
}

function textOf(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return null;
  }
}
