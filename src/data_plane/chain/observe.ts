import { peerAddress } from "../../forwarding/headers/client_address.ts";
import type { Exchange } from "../../forwarding/exchange.ts";
import type { WorkerColumn } from "../../state/worker_column.ts";
import type { Clock } from "../../time/clock.ts";
import type { Middleware } from "./chain.ts";

/** What observing works with: one a thread. */
export interface ObserveParts {
  readonly column: WorkerColumn;
  readonly clock: Clock;
  /** Takes a finished exchange: access log and decisions. Must not wait. */
  finished(exchange: Exchange, totalMicros: number): void;
  /** Reports what should never happen, and answers. */
  broken(exchange: Exchange, error: unknown): Response;
}

/**
 * Counts a request in and out, around everything else, so that no path can skip it: `info.completed` settles however the
 * exchange ends. In flight, status classes, reasons, bytes and the access line all happen here, once.
 */
export function observe(parts: ObserveParts): Middleware {
  const { column } = parts;
  const end = (exchange: Exchange) => finish(exchange, parts);
  return (next) =>
    function observe(passage) {
      const { exchange, info } = passage;
      column.arrived();
      // An upgraded connection outlives its 101: whoever passes it on calls `exchange.end` when it closes.
      exchange.end = end;
      const completed = () => exchange.upgraded ? undefined : end(exchange);
      info.completed.then(completed, completed);
      exchange.peer = exchange.client = peerAddress(info.remoteAddr.hostname);
      try {
        return next(passage);
      } catch (error) {
        return parts.broken(exchange, error);
      }
    };
}

/** Counts and logs an exchange that has ended. */
export function finish(exchange: Exchange, parts: Pick<ObserveParts, "column" | "clock" | "finished">): void {
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
