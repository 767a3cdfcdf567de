import type { TurnBudget } from "./turn_budget.ts";
import type { WireConnection } from "./wire_connection.ts";

/**
 * Awaited three times, this takes longer than a read that finds something at once (two turns of the microtask queue in Deno 2.9),
 * if the turn of the event loop is not full.
 */
const READ_NOW = Promise.resolve();

/**
 * Tells whether an idle connection can be used: a target may have closed it, or sent something that nobody asked for. What came is
 * found by a read, which goes to the connection's idle owner, who closes it. Without this check a request would now and then be sent
 * to a target that closed a moment ago, and fail if it can't be repeated.
 *
 * If a read has been waiting all the time, what it found comes with the next turn of the event loop.
 */
export async function isStillOpen(idle: WireConnection, turn: TurnBudget): Promise<boolean> {
  if (idle.reading) {
    await turn.next();
    return idle.open;
  }
  while (turn.isFull) await turn.next();
  turn.spend();
  idle.fill();
  await READ_NOW;
  await READ_NOW;
  await READ_NOW;
  if (idle.open) turn.restore();
  return idle.open;
}
