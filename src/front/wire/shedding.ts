import type { Activity } from "./limits.ts";

/** A connection as {@linkcode whoGoesFirst} sees it. */
export interface Sheddable {
  readonly activity: Activity;
  /** Monotonic ms: since when it does what it does. */
  readonly activeSinceMs: number;
  close(cause: "max_connections"): void;
}

/** A connection is left alone for so long, whatever it does. */
const SPARED_MS = 1_000;
/** In this order connections are closed when there are too many. One with a request under way never is. */
const ORDER: readonly Activity[] = ["fresh", "idle", "head"];

/**
 * Says which connections to close when there are too many: those that have been silent since their accept, then kept
 * ones that are idle, then those whose head is not whole, the oldest first; none of them within a second.
 */
export function whoGoesFirst<T extends Sheddable>(
  connections: Iterable<T>,
  { nowMs, wanted }: { readonly nowMs: number; readonly wanted: number },
): T[] {
  const chosen: T[] = [];
  for (const activity of ORDER) {
    if (chosen.length >= wanted) break;
    const some: T[] = [];
    for (const connection of connections) {
      if (connection.activity === activity && nowMs - connection.activeSinceMs > SPARED_MS) some.push(connection);
    }
    some.sort((a, b) => a.activeSinceMs - b.activeSinceMs);
    chosen.push(...some.slice(0, wanted - chosen.length));
  }
  return chosen;
}
