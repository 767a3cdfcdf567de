import type { WorkerColumn } from "../../state/worker_column.ts";
import type { TargetSnapshot } from "../../state/group_snapshot.ts";
import type { Clock } from "../../time/clock.ts";
import type { Failure } from "../gateway_error.ts";
import type { Interim, TargetRequest, TargetResponse, Transport } from "../target_request.ts";
import { UpgradeConnection } from "./upgrade_connection.ts";

/**
 * Makes WebSocket handshakes by the package `ws`, which speaks in messages, for an engine that has no connection to
 * pass bytes on. All other requests go to the transport within.
 */
export class HandshakeTransport implements Transport {
  readonly #within: Transport;
  readonly #parts: { readonly clock: Clock; readonly column: WorkerColumn };

  /** @param parts `column` counts connections. */
  constructor(within: Transport, parts: { readonly clock: Clock; readonly column: WorkerColumn }) {
    this.#within = within;
    this.#parts = parts;
  }

  send(request: TargetRequest, interim: Interim): Promise<TargetResponse | Failure> {
    return request.upgrade === null ? this.#within.send(request, interim) : this.#shakeHands(request);
  }

  connectsFirst(target: TargetSnapshot): boolean {
    return this.#within.connectsFirst(target);
  }

  close(): void {
    this.#within.close();
  }

  async #shakeHands({ target, path, host, lines, own, connectTimeoutMs, cancellation }: TargetRequest) {
    // Loaded by the first WebSocket: `ws` and the parts of Node that it needs are memory that others need not pay for.
    cancellation.hold(true);
    const { shakeHands } = await import("./upgrade_target.ts");
    cancellation.hold(false);
    if (cancellation.over !== null) return cancellation.over;
    const headers: (readonly [string, string])[] = [["Host", host]];
    lines.forEach((name, value) => headers.push([name, value]));
    headers.push(...own);
    const { clock } = this.#parts;
    const connection = new UpgradeConnection(this.#parts, target.slot);
    const outcome = await shakeHands({ target, path, headers }, { clock, connection, connectTimeoutMs, cancellation });
    cancellation.connectMicros = connection.micros;
    return outcome;
  }
}
