import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Exchange } from "../../src/data_plane/chain/exchange.ts";
import { responseLines } from "../../src/data_plane/chain/relay.ts";
import { Failure } from "../../src/forwarding/gateway_error.ts";
import type { TargetResponse } from "../../src/forwarding/target_request.ts";
import { HandshakeTransport } from "../../src/forwarding/websocket/handshake_transport.ts";
import { ServeRequest } from "../../src/front/serve/serve_request.ts";
import { Tunnel } from "../../src/front/websocket/upgrade_tunnel.ts";
import type { TunnelOptions, TunnelOutcome } from "../../src/front/websocket/upgrade_tunnel_options.ts";
import { TextLines } from "../../src/http1/field_lines.ts";
import { TargetTable } from "../../src/state/target_table.ts";
import { type Clock, systemClock } from "../../src/time/clock.ts";
import { until } from "./poll.ts";
import { RawSocket } from "./raw_socket.ts";
import { handshakeText } from "./websocket_bytes.ts";
import { makeTarget } from "./target_group.ts";
import { Canceller, WireClient } from "./wire_client.ts";

/** How a test's listener differs from the program's. */
export interface UpgradeListenerOptions extends Partial<TunnelOptions> {
  /** From now until the target's response to the handshake. */
  readonly handshakeTimeoutMs?: number;
}

/** What came of a handshake. */
export type UpgradeResult = Tunnel | Response | Failure;

/** A listener that does nothing but forward handshakes to one target, and keeps what it was told. */
export class UpgradeListener implements AsyncDisposable {
  readonly port: number;
  readonly results: UpgradeResult[] = [];
  readonly outcomes: TunnelOutcome[] = [];
  /** The real clock, with a record of timers left behind. */
  readonly clock = new CountingClock();
  /** What it counts, as the only worker and for target 0. */
  readonly table: TargetTable = TargetTable.create(1);
  readonly #targetPort: number;
  readonly #options: UpgradeListenerOptions;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /** `beforeAnswer` holds each response back until it resolves. */
  constructor(targetPort: number, options: UpgradeListenerOptions = {}, beforeAnswer?: () => Promise<void>) {
    this.#targetPort = targetPort;
    this.#options = options;
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
      const result = await this.#answer(request);
      this.results.push(result);
      await beforeAnswer?.();
      if (result instanceof Failure) return new Response(result.reason, { status: 502 });
      return result instanceof Tunnel ? result.client.response : result;
    });
    this.port = this.#server.addr.port;
  }

  async #answer(request: Request): Promise<UpgradeResult> {
    const received = new ServeRequest(request, "127.0.0.1", null);
    const unfit = received.unfit();
    if (unfit !== null) return new Response(null, { status: unfit.status ?? 400, headers: [...unfit.own ?? []] as [] });
    const response = await this.#shakeHands(request, received);
    if (response instanceof Failure) return response;
    const told = responseLines(response, new Exchange("GET", 0), { locations: null, edits: null });
    response.lines.forEach((name, value) => told.push([name, value]));
    if (response.status !== 101) {
      return new Response(await bodyOf(response), { status: response.status, headers: told });
    }
    const end = response.tunnel();
    if (end.kind !== "messages") throw new TypeError("A handshake gives messages");
    return new Tunnel(request, end.socket, {
      idleTimeoutMs: 0,
      clock: this.clock,
      told,
      onClosed: (outcome) => this.outcomes.push(outcome),
      ...this.#options,
    });
  }

  async #shakeHands(request: Request, received: ServeRequest): Promise<TargetResponse | Failure> {
    const clock = this.#options.clock ?? this.clock;
    using client = new WireClient(clock);
    const transport = new HandshakeTransport(client.transport, { clock, column: this.table.column(0) });
    const cancellation = new Canceller();
    const give = (failure: Failure) => () => {
      cancellation.over ??= failure;
      cancellation.atWork?.abort();
    };
    const left = give(new Failure("client_closed", "The client closed its connection"));
    request.signal.addEventListener("abort", left);
    const late = give(new Failure("timeout", "No response in time"));
    const cancelDeadline = clock.after(this.#options.handshakeTimeoutMs ?? 5000, late);
    const lines = new TextLines();
    received.lines.forEach((name, value) => {
      if (!["host", "connection", "upgrade"].includes(name)) lines.add(name, value);
    });
    const port = this.#targetPort;
    const outcome = await transport.send({
      target: makeTarget(0, { host: "target.test", address: "127.0.0.1", port }),
      method: "GET",
      path: request.url.slice(request.url.indexOf("/", 8)),
      host: `target.test:${port}`,
      lines,
      own: [],
      body: null,
      bodyLength: 0,
      upgrade: "websocket",
      ownConnection: false,
      connectTimeoutMs: 5000,
      cancellation,
    }, () => Promise.resolve());
    cancelDeadline();
    request.signal.removeEventListener("abort", left);
    return outcome instanceof Failure ? cancellation.over ?? outcome : outcome;
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

async function bodyOf({ body }: TargetResponse): Promise<Uint8Array<ArrayBuffer> | null> {
  if (body === null) return null;
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let piece = await body.read(); piece !== null; piece = await body.read()) pieces.push(piece.slice());
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
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

/** Opens a client by hand; the listener's 101 is read. */
export async function openRaw(listener: UpgradeListener, behind = new Uint8Array()): Promise<RawSocket> {
  const client = await RawSocket.connect({ hostname: "127.0.0.1", port: listener.port });
  await client.send(Buffer.concat([Buffer.from(handshakeText("/")), behind]));
  assert.match((await client.readThrough("\r\n\r\n"))!, /^HTTP\/1.1 101 /);
  return client;
}

/** Waits for the end of the only tunnel, and that nothing of it is left. */
export async function endOf(listener: UpgradeListener) {
  await until(() => listener.outcomes.length > 0, "the tunnel's end");
  await until(() => listener.clock.pending === 0, () => `no timer to be left; there are ${listener.clock.pending}`);
  assert.equal(listener.outcomes.length, 1, "a tunnel ends once");
  return listener.outcomes[0]!;
}
