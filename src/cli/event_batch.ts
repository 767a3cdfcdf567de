import type { ListenerConfig } from "../config/model.ts";
import { workerCount } from "./worker_count.ts";

/**
 * How many events a thread of the platform takes from the system at once: the runtime below Deno (tokio) reads this
 * variable when a thread begins.
 *
 * All reads from targets that wait in one thread are one task there, and a task may do 128 operations before others
 * have their turn. Reads that became ready later go before those that were left over, so if more become ready in a turn
 * than that, some starve: at 512 busy connections one request in a hundred waited 260 to 330 ms, and with this value 70
 * to 90. Events come for targets and clients alike and more than once in a turn, so it is less than 128.
 */
export const EVENT_BATCH = { name: "DENO_TOKIO_MAX_IO_EVENTS_PER_TICK", value: "48" } as const;

/**
 * Says how to start the program if the main thread will serve and the variable is not set; null if nothing is to be
 * done. The program can't set it for the main thread: the runtime reads the variable before the program's first line,
 * and before what `deno compile --env-file` embeds. To run itself again, the program would need another permission.
 */
export function adviceOnEventBatch(
  listener: Pick<ListenerConfig, "workers" | "upstreamTransport">,
  given: string | undefined,
): string | null {
  if (given !== undefined || listener.upstreamTransport !== "wire" || workerCount(listener) > 1) return null;
  return "The main thread serves alone, so with hundreds of busy connections some requests will wait long: start " +
    `sluice with ${EVENT_BATCH.name}=${EVENT_BATCH.value} in its environment (sluice reads .env too late for this)`;
}

/** Sets the variable, if it is not set, for threads that start later. The main thread has read it already. */
export function limitEventBatch(): void {
  if (Deno.env.get(EVENT_BATCH.name) === undefined) Deno.env.set(EVENT_BATCH.name, EVENT_BATCH.value);
}
