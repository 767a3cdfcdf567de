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

/**
 * Tells whether the main thread serves: there is one worker, and no port for TLS with the engine `wire`. A handshake
 * that its client never ends keeps its connection open as long as its thread lives, so such a thread must be able to
 * end.
 */
export function servesInMainThread(listener: Pick<ListenerConfig, "workers" | "tls" | "front">): boolean {
  return workerCount(listener) === 1 && (listener.tls === null || listener.front.engine !== "wire");
}
