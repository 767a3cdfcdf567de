import type { ListenerConfig } from "../config/model.ts";
import { whyNotListening } from "../dial/listen_error.ts";
import { TrustedProxies } from "../forwarding/headers/client_address.ts";
import type { RequestHandler } from "../front/front.ts";
import type { OperationCount } from "../front/wire/client_socket.ts";
import type { ClientLimits } from "../front/wire/limits.ts";
import { WireFront } from "../front/wire/wire_front.ts";
import type { ClientColumn } from "../state/client_column.ts";
import type { WorkerMessage } from "../protocol/messages.ts";
import { type Clock, delay } from "../time/clock.ts";
import { KeptOpen } from "../time/kept_open.ts";

/** Longest request line. */
const MAX_LINE_BYTES = 32_768;
/** How long connections that were accepted, and have sent nothing yet, are waited for when the listener closes. */
const FRESH_MS = 1_000;
/** How long kept connections have to send a request that is on its way: its response tells the client to come back elsewhere. */
const IDLE_MS = 250;
const LOOK_MS = 10;

/** What a wire listener works with. */
export interface WireListenerParts {
  readonly worker: number;
  /** Threads that share the connections that may be open. */
  readonly workers: number;
  readonly clock: Clock;
  readonly handler: RequestHandler;
  readonly operations: OperationCount;
  /** Where connections are counted. */
  readonly column: ClientColumn;
  listener(): ListenerConfig;
  post(message: WorkerMessage): void;
}

/** One thread's listener with sluice's own engine. */
export class WireListener {
  readonly #parts: WireListenerParts;
  readonly #front: WireFront;
  #kept: KeptOpen<{ readonly finished: Promise<void> }> | null = null;

  constructor(parts: WireListenerParts) {
    this.#parts = parts;
    const { post } = parts;
    this.#front = new WireFront({
      handler: parts.handler,
      clock: parts.clock,
      operations: parts.operations,
      column: parts.column,
      proxies: parts.listener().front.proxyProtocol ? (peer) => trustedOf(parts.listener()).trusts(peer) : null,
      limits: () => limitsOf(parts.listener(), parts.workers),
      broken: (error) =>
        post({
          type: "log",
          level: "error",
          event: "internal_error",
          message: "A connection failed inside sluice",
          fields: { error: error instanceof Error ? error.stack ?? error.message : String(error) },
        }),
      short: (begins, error) =>
        post({
          type: "log",
          level: begins ? "warn" : "info",
          event: begins ? "accept_paused" : "accept_resumed",
          message: begins
            ? `No descriptor is left for a new connection (${error}); sluice closes idle connections and pauses accepting`
            : "New connections are accepted again",
          fields: { worker: parts.worker, connections: this.#front.open },
        }),
    });
  }

  /** Begins to serve, and says whether that went well. */
  open(hostname: string, port: number): void {
    const { worker, post, clock } = this.#parts;
    try {
      this.#kept = new KeptOpen({
        clock,
        open: () => ({ finished: this.#front.listen(hostname, port) }),
        onDown: (error) => post({ type: "listener_down", worker, error }),
        onUp: () => post({ type: "listener_up", worker }),
      });
      post({ type: "listening", worker });
    } catch (error) {
      post({ type: "listen_failed", worker, error: whyNotListening(error) });
    }
  }

  /** Has each response from now on be its connection's last. */
  sendAway(): void {
    this.#front.sendAway();
  }

  /** Accepts nothing new any more, once what the system has accepted so far was taken up. */
  async stopAccepting(): Promise<void> {
    const { clock } = this.#parts;
    // The accept loop takes whatever waits, so a few turns of the event loop are enough.
    for (let i = 0; i < 3; i++) await delay(clock, 1);
    this.#kept?.release();
    this.#front.stopAccepting();
    this.#front.sendAway();
    const sinceMs = clock.monotonicMs();
    const waitsFor = () =>
      (this.#front.expected > 0 && clock.monotonicMs() - sinceMs < FRESH_MS) ||
      (this.#front.idle > 0 && clock.monotonicMs() - sinceMs < IDLE_MS);
    while (waitsFor()) await delay(clock, LOOK_MS);
    this.#front.closeIdle();
  }

  /** Closes what is still open. */
  untilClosed(): Promise<void> {
    this.#front.close();
    return Promise.resolve();
  }
}

let trustedFor: ListenerConfig | null = null;
let trusted: TrustedProxies | null = null;

/** Who may send a PROXY header; made once for each configuration. */
function trustedOf(listener: ListenerConfig): TrustedProxies {
  if (trustedFor === listener) return trusted!;
  trustedFor = listener;
  return trusted = new TrustedProxies(listener.trustedProxies);
}

let limitsFor: ListenerConfig | null = null;
let limits: ClientLimits | null = null;

/** Made once for each configuration: it is asked for by every connection. */
function limitsOf(listener: ListenerConfig, workers: number): ClientLimits {
  if (limitsFor === listener) return limits!;
  const { front } = listener;
  limitsFor = listener;
  return limits = {
    headMs: front.headTimeoutMs,
    idleMs: front.idleTimeoutMs,
    bodyMs: listener.bodyTimeoutMs,
    writeMs: front.writeTimeoutMs,
    head: {
      bytes: front.maxHeadBytes,
      lines: front.maxHeadLines,
      lineBytes: Math.min(MAX_LINE_BYTES, front.maxHeadBytes),
    },
    connections: front.maxConnections === "auto" ? 0 : Math.max(1, Math.ceil(front.maxConnections / workers)),
    perClient: front.maxConnectionsPerClient,
  };
}
