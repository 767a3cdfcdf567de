import { Failure } from "../gateway_error.ts";
import type { TargetRequest } from "../target_request.ts";
import { connectFailure } from "./connect_failure.ts";
import type { WireConnection } from "./wire_connection.ts";
import type { TargetPool } from "./wire_pool.ts";

/** How a connection is waited for. */
export interface ConnectOptions {
  /** Gives up for another reason than the time. */
  readonly controller: AbortController;
  /** Calls `run` when so many ms have passed; returns how to take that back. */
  after(delayMs: number, run: () => void): () => void;
}

/**
 * Makes a connection for an attempt within CONNECT_TIMEOUT, and notes how long that took; else says why there is none.
 */
export async function connectTarget(
  { connectTimeoutMs, cancellation, target }: TargetRequest,
  pool: TargetPool,
  { controller, after }: ConnectOptions,
): Promise<WireConnection | Failure> {
  const sinceMs = pool.nowMs();
  let timedOut = false;
  const cancelDeadline = after(connectTimeoutMs, () => {
    timedOut = true;
    controller.abort();
  });
  const { signal } = controller;
  let connection: WireConnection | null = null;
  let failure: Failure | null = null;
  try {
    connection = await pool.connect(signal);
  } catch (error) {
    if (!signal.aborted) failure = connectFailure(error);
  }
  cancelDeadline();
  const micros = cancellation.connectMicros = Math.round((pool.nowMs() - sinceMs) * 1000);
  if (connection !== null && !signal.aborted) {
    pool.connected(target.slot, micros);
    return connection;
  }
  connection?.close();
  const when = timedOut ? `within ${connectTimeoutMs} ms` : "before the request's deadline";
  return failure ?? new Failure("connect_timeout", `No connection ${when}`);
}
