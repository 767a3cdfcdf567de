import type { ListenerConfig } from "../config/model.ts";

/** Threads that `auto` starts at the most; more have to be asked for. */
const MOST_AUTO_WORKERS = 64;

/**
 * Says how many threads LISTENER_WORKERS comes to on this machine. `auto` asks the system, which counts in the
 * processor's affinity and a container's quota of CPU time (rounded down, at least 1), in cgroup version 1 and 2.
 */
export function workerCount({ workers }: Pick<ListenerConfig, "workers">): number {
  return workers === "auto" ? Math.min(MOST_AUTO_WORKERS, navigator.hardwareConcurrency) : workers;
}
