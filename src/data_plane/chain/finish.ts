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
 * Counts and logs an exchange that has ended: in flight, status classes, reasons, bytes and the access line all happen
 * here, once, however it ended.
 */
export function finish(exchange: Exchange, parts: FinishParts): void {
  const { column, clock } = parts;
  const { received, routed, outcome } = exchange;
  const totalMicros = (clock.monotonicMs() - received.startedMs) * 1000;
  const slot = routed.heldSlot;
  if (slot >= 0) {
    routed.heldSlot = -1;
    column.leave(slot);
    column.exchanged(slot, totalMicros, outcome.requestBytes, outcome.responseBytes);
    if (outcome.cutBy === "target" || outcome.cutBy === "idle") column.count(slot, "brokenByTarget");
    else if (outcome.cutBy === "client") column.count(slot, "leftByClient");
  }
  column.finished(outcome.status, routed.rule === null ? -1 : routed.rule.slot, outcome);
  parts.finished(exchange, totalMicros);
}
