import process from "node:process";
import type { SystemView } from "../../views/system_view.ts";
import { MetricFamily } from "./metric_family.ts";

/**
 * The process's figures, named as Prometheus' own client libraries name them. Those that can't be had are left out: Deno gives
 * `/proc` only to a program that may do everything, which sluice must not.
 */
export function processFamilies(view: SystemView): MetricFamily[] {
  const { user, system } = process.cpuUsage();
  const families: MetricFamily[] = [
    single("counter", "process_cpu_seconds_total", "User and system CPU time.", (user + system) / 1e6),
    single("gauge", "process_resident_memory_bytes", "Resident memory.", Deno.memoryUsage().rss),
    single("gauge", "process_start_time_seconds", "When the process started, in Unix time.", view.startedMs / 1000),
  ];
  const openFiles = countOpenFiles();
  if (openFiles !== null) {
    families.push(single("gauge", "process_open_fds", "Open file descriptors.", openFiles));
  }
  const build = new MetricFamily("gauge", "sluice_build_info", "Always 1; what runs stands in the labels.");
  build.add({ version: view.version, deno: Deno.version.deno, via: view.instance }, 1);
  return [...families, build];
}

function single(type: "counter" | "gauge", name: string, help: string, value: number): MetricFamily {
  const family = new MetricFamily(type, name, help);
  family.add({}, value);
  return family;
}

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
