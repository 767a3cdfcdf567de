/** Reading what Linux counts for a process: `/proc/PID/stat` and `/proc/PID/status`, see proc(5). */

/** Ticks of `/proc/PID/stat` per second (USER_HZ): 100 on every Linux that Deno runs on. */
const TICKS_PER_SECOND = 100;

/** CPU time of a process with all its threads and all its living descendants, user and system, in microseconds. */
export function cpuMicros(pid: number): number {
  return tree(pid).reduce((sum, process) => sum + process.ticks, 0) * (1e6 / TICKS_PER_SECOND);
}

/** Resident memory of a process and its living descendants, in bytes. Pages that they share count for each. */
export function residentBytes(pid: number): number {
  let bytes = 0;
  for (const process of tree(pid)) {
    const found = /^VmRSS:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${process.pid}/status`));
    bytes += Number(found?.[1] ?? 0) * 1024;
  }
  return bytes;
}

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

function tree(pid: number): ProcessStat[] {
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

function readStat(pid: number): ProcessStat | null {
  let text;
  try {
    text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  } catch {
    return null; // it ended meanwhile
  }
  // the name stands in parentheses and may hold anything; fields are counted behind it, the first one is number 3 of proc(5)
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (number: number) => Number(fields[number - 3]);
  return { pid, parent: field(4), ticks: field(14) + field(15) };
}
