import type { WorkerColumn } from "../../state/worker_column.ts";
import type { Clock } from "../../time/clock.ts";
import type { Exchange } from "./exchange.ts";

/** What finishing works with: one a thread. */
export interface FinishParts {
  readonly column: WorkerColumn;
  readonly clock: Clock;
  /** Takes a finished exchange: access log and decisions. Must not wait. */
  finished(exchange: Exchange, totalMicros: number): void;
}

/**
 * Counts and logs an exchange that has ended: in flight, status classes, reasons, bytes and the access line all happen here, once,
 * however it ended.
 */
export function finish(exchange: Exchange, parts: FinishParts): void {
  const { column, clock } = parts;
  const totalMicros = (clock.monotonicMs() - exchange.startedMs) * 1000;
  const slot = exchange.heldSlot;
  if (slot >= 0) {
    exchange.heldSlot = -1;
    column.leave(slot);
    column.exchanged(slot, totalMicros, exchange.requestBytes, exchange.responseBytes);
    if (exchange.cutBy === "target" || exchange.cutBy === "idle") column.count(slot, "brokenByTarget");
    else if (exchange.cutBy === "client") column.count(slot, "leftByClient");
  }
  column.finished(exchange.status, exchange.rule === null ? -1 : exchange.rule.slot, exchange);
  parts.finished(exchange, totalMicros);
}
