/**
 * How many events a thread of the platform takes from the system at once, and after how many of its tasks it looks for more:
 * the runtime below Deno (tokio) reads these variables when a thread begins.
 *
 * All reads from targets that wait in one thread are one task there, and a task may do 128 operations before others have their
 * turn. Reads that became ready later go before those that were left over, so where more become ready in a turn than that, some
 * starve: at 512 busy connections one request in a hundred waited 280 ms beside a median of 22, and with these values 50. They
 * are 128 reads of targets and what belongs to their clients.
 */
export const EVENT_BATCHES: Readonly<Record<string, string>> = {
  DENO_TOKIO_MAX_IO_EVENTS_PER_TICK: "160",
  DENO_TOKIO_EVENT_INTERVAL: "512",
};

/** Sets them for threads that are still to begin, where they are not set; the main thread's come from whoever starts the program. */
export function limitEventBatches(): void {
  for (const [name, value] of Object.entries(EVENT_BATCHES)) {
    if (Deno.env.get(name) === undefined) Deno.env.set(name, value);
  }
}
