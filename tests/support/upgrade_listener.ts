import {
  forwardUpgrade,
  type TunnelOutcome,
  type UpgradeOptions,
  type UpgradeResult,
} from "../../src/forwarding/websocket/upgrade.ts";
import { UpgradeConnection } from "../../src/forwarding/websocket/upgrade_connection.ts";
import { TargetTable } from "../../src/state/target_table.ts";
import { type Clock, systemClock } from "../../src/time/clock.ts";
import { until } from "./poll.ts";

/** A listener that does nothing but forward upgrades to one target, and keeps what it was told. */
export class UpgradeListener implements AsyncDisposable {
  readonly port: number;
  readonly results: UpgradeResult[] = [];
  readonly outcomes: TunnelOutcome[] = [];
  /** The real clock, with a record of timers left behind. */
  readonly clock = new CountingClock();
  /** What it counts, as the only worker and for target 0. */
  readonly table: TargetTable = TargetTable.create(1);
  /** The connections of all handshakes. */
  readonly connections: UpgradeConnection[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /** `beforeAnswer` holds each answer back until it resolves. */
  constructor(targetPort: number, options: Partial<UpgradeOptions> = {}, beforeAnswer?: () => Promise<void>) {
    const target = {
      slot: 0,
      scheme: "http" as const,
      host: "target.test",
      address: "127.0.0.1",
      port: targetPort,
      base: "",
      weight: 1,
    };
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
      const path = request.url.slice(request.url.indexOf("/", 8));
      const headers: [string, string][] = [["Host", `target.test:${targetPort}`]];
      for (const [name, value] of request.headers) {
        if (!["host", "connection", "upgrade"].includes(name)) headers.push([name, value]);
      }
      const clock = options.clock ?? this.clock;
      const connection = new UpgradeConnection({ clock, column: this.table.column(0) }, 0);
      this.connections.push(connection);
      const result = await forwardUpgrade(request, { target, path, headers }, {
        handshakeTimeoutMs: 5000,
        connectTimeoutMs: 5000,
        idleTimeoutMs: 0,
        clock: this.clock,
        connection,
        onClosed: (outcome) => this.outcomes.push(outcome),
        ...options,
      });
      this.results.push(result);
      await beforeAnswer?.();
      if (result.kind === "upgraded" || result.kind === "answered") return result.response;
      if (result.kind === "malformed") return new Response(null, { status: result.status, headers: result.headers });
      return new Response(result.failure, { status: 502 });
    });
    this.port = this.#server.addr.port;
  }

  /** Waits for the end of all, and that no connection to the target counts as open any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
    await until(
      () => this.table.workerCounter("openConnections") === 0,
      "no connection to the target to count as open",
    );
  }
}

/** The system's clock, counting timers that wait. */
class CountingClock implements Clock {
  pending = 0;
  wallMs = systemClock.wallMs;
  monotonicMs = systemClock.monotonicMs;
  every = systemClock.every;
  after(delayMs: number, run: () => void): () => void {
    this.pending++;
    let over = false;
    const cancel = systemClock.after(delayMs, () => {
      over = true;
      this.pending--;
      run();
    });
    return () => {
      if (over) return;
      over = true;
      this.pending--;
      cancel();
    };
  }
}
