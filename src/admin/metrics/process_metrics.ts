import process from "node:process";
import type { SystemView } from "../../views/system_view.ts";
import { type FamilyRow, single } from "./metric_family.ts";

/** Metrics of the process, named as Prometheus' own client libraries name them. */
export const PROCESS_METRICS: readonly FamilyRow<SystemView>[] = [
  single("counter", "process_cpu_seconds_total", "User and system CPU time.", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  }),
  single("gauge", "process_resident_memory_bytes", "Resident memory.", () => Deno.memoryUsage().rss),
  single(
    "gauge",
    "process_start_time_seconds",
    "Time of the process's start, in Unix time.",
    ({ startedMs }) => startedMs / 1000,
  ),
  {
    type: "gauge",
    name: "process_open_fds",
    help: "Open file descriptors, if the program may read /proc.",
    add(family) {
      const openFiles = countOpenFiles();
      if (openFiles !== null) family.add({}, openFiles);
    },
  },
  {
    type: "gauge",
    name: "sluice_build_info",
    help: "Always 1; the labels say what runs.",
    add: (family, view) => family.add({ version: view.version, deno: Deno.version.deno, via: view.instance }, 1),
  },
];

/**
 * Null if `/proc` can't be read: Deno lets only a program with all permissions read it, and sluice must not have them.
 */
function countOpenFiles(): number | null {
  try {
    let count = 0;
    for (const _ of Deno.readDirSync("/proc/self/fd")) count++;
    // Without the one that reading the directory opened.
    return count - 1;
  } catch {
    return null;
  }
}
