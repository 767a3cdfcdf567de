import type { ListenerConfig } from "../config/model.ts";
import { servesInMainThread } from "./worker_count.ts";

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
 * After how many turns of its own scheduler the runtime asks the system for events, if it never runs out of work. By
 * default that is 61, and what waits for "the next turn" by `setImmediate` is such work: while a crowd of clients was
 * accepted or a tunnel was flooded a few pieces a turn, some 30 such turns passed before anybody else was heard (88 ms
 * instead of 1.4 with a millisecond of work a turn). Asking in each turn costs a request nothing that we could measure.
 */
export const EVENT_INTERVAL = { name: "DENO_TOKIO_EVENT_INTERVAL", value: "1" } as const;

/** The variables that tell the runtime how to handle events. They must be set before the program starts. */
export const EVENT_VARIABLES = [EVENT_BATCH, EVENT_INTERVAL] as const;

/**
 * Says how to start the program if the main thread will serve and a variable is not set; null if nothing is to be done.
 * The program can't set it for the main thread: the runtime reads the variables before the program's first line, and
 * before what `deno compile --env-file` embeds. To run itself again, the program would need another permission.
 *
 * @param given Reads a variable of the environment.
 */
export function adviceOnEvents(
  listener: Pick<ListenerConfig, "workers" | "tls" | "front" | "upstreamTransport">,
  given: (name: string) => string | undefined,
): string | null {
  if (!servesInMainThread(listener)) return null;
  const missing = EVENT_VARIABLES.filter((variable) =>
    given(variable.name) === undefined && (variable !== EVENT_BATCH || listener.upstreamTransport === "wire")
  );
  if (missing.length === 0) return null;
  return "The main thread serves alone, so with hundreds of busy connections some requests will wait long: start " +
    `sluice with ${missing.map(({ name, value }) => `${name}=${value}`).join(" ")} in its environment ` +
    "(sluice reads .env too late for this)";
}

/** Sets each variable, if it is not set, for threads that start later. The main thread has read them already. */
export function tellLaterThreads(): void {
  for (const { name, value } of EVENT_VARIABLES) if (Deno.env.get(name) === undefined) Deno.env.set(name, value);
}
