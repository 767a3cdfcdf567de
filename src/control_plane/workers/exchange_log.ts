import type { Logger } from "../../logging/log.ts";
import type { WorkerMessage } from "../../protocol/messages.ts";
import type { WorkerPlace } from "./worker_place.ts";

/** The message by which a worker asks to be exchanged. */
export type ExchangeWanted = Extract<WorkerMessage, { type: "exchange_wanted" }>;

/** Logs that another worker starts and replaces this one. */
export function logExchange(log: Logger, successor: number, { worker, handshakes, stuck }: ExchangeWanted): void {
  const message = `Worker ${worker} has ${handshakes} TLS handshakes that don't end, and the platform can't close ` +
    `them: worker ${successor} takes its place`;
  log.info("worker_exchange", message, { worker, successor, handshakes, stuck });
}

/** Logs that no descriptor is left to start the successor while the worker still runs. */
export function logLeavesFirst(log: Logger, worker: number): void {
  const message = `No descriptor is left to start another worker: worker ${worker} leaves first`;
  log.warn("worker_exchange", message, { worker });
}

/** Logs that a worker has left. */
export function logLeft(
  log: Logger,
  { worker, leavesSinceMs }: WorkerPlace,
  { openExchanges, nowMs }: { readonly openExchanges: number; readonly nowMs: number },
): void {
  const message = `Worker ${worker} has left, and its endless TLS handshakes are closed`;
  log.info("worker_exchanged", message, { worker, openExchanges, tookMs: Math.round(nowMs - leavesSinceMs) });
}
