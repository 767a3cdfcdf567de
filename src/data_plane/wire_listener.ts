import type { ListenerConfig } from "../config/model.ts";
import { whyNotListening } from "../dial/listen_error.ts";
import { TrustedProxies } from "../forwarding/headers/client_address.ts";
import type { CertificatePair } from "../certificates/certificate_pair.ts";
import type { Acceptor, SecureConn } from "../front/acceptor.ts";
import type { RequestHandler } from "../front/front.ts";
import type { OperationCount } from "../front/wire/client_socket.ts";
import type { ClientLimits } from "../front/wire/limits.ts";
import { listenTls, type TlsPort } from "../front/tls/tls_acceptor.ts";
import { WireFront } from "../front/wire/wire_front.ts";
import type { ClientColumn } from "../state/client_column.ts";
import type { WorkerMessage } from "../protocol/messages.ts";
import { type Clock, delay } from "../time/clock.ts";
import { headLimits } from "./head_limits.ts";
import { KeptOpen } from "../time/kept_open.ts";

/** How long connections that were accepted, and have sent nothing yet, are waited for when the listener closes. */
const FRESH_MS = 1_000;
/**
 * How long kept connections have to send a request that is on its way: its response tells the client to come back
 * elsewhere.
 */
const IDLE_MS = 250;
/** The same if the worker is exchanged; as long as connections are spared if there are too many. */
const EXCHANGED_IDLE_MS = 1_000;
const LOOK_MS = 10;
/** How long connections have to close by themselves when all requests have ended. */
const GOODBYE_MS = 1_000;
/** Until a listener that could not be opened for new certificates is tried again. */
const REOPEN_MS = 1_000;
/** Between two warnings of clients that were disconnected for what they cost. */
const WARNING_PAUSE_MS = 10_000;

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
  /** Connections that all threads have. */
  held(): number;
  listener(): ListenerConfig;
  post(message: WorkerMessage): void;
}

/** What a wire listener opens. */
export interface WirePorts {
  readonly hostname: string;
  /** 0 for none. */
  readonly port: number;
  readonly tlsPort: number;
  /** Until there is one, the port for TLS stays closed. */
  readonly certificates: readonly CertificatePair[];
}

/** One thread's listener with sluice's own engine. */
export class WireListener {
  readonly #parts: WireListenerParts;
  readonly #front: WireFront;
  readonly #kept: KeptOpen<{ readonly finished: Promise<void> }>[] = [];
  #tls: Omit<TlsPort, "onManyNames"> | null = null;
  /** Until then, monotonic ms, no other warning of a flood is logged. */
  #silentUntilMs = 0;

  constructor(parts: WireListenerParts) {
    this.#parts = parts;
    const { post } = parts;
    this.#front = new WireFront({
      handler: parts.handler,
      clock: parts.clock,
      operations: parts.operations,
      column: parts.column,
      share: () => parts.held() / parts.workers,
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
      dismissed: (peer, rule, forCost) => this.#tellOfDismissed(peer, rule, forCost),
      short: (begins, error) =>
        post({
          type: "log",
          level: begins ? "warn" : "info",
          event: begins ? "accept_paused" : "accept_resumed",
          message: begins
            ? `No descriptor is left for a new connection (${error}); sluice closes idle connections and pauses ` +
              `accepting`
            : "New connections are accepted again",
          fields: { worker: parts.worker, connections: this.#front.open },
        }),
      crowded: (handshakes, stuck) => post({ type: "exchange_wanted", worker: parts.worker, handshakes, stuck }),
    });
  }

  /** Begins to serve, and says whether that went well. A port of 0 is not opened. */
  open({ hostname, port, tlsPort, certificates }: WirePorts): void {
    const { worker, post, listener } = this.#parts;
    let tls = false;
    try {
      if (port > 0) this.#keepOpen(() => this.#front.listen(hostname, port));
      tls = true;
      if (tlsPort > 0) {
        this.#tls = { hostname, port: tlsPort, pairs: certificates, http2: listener().tls?.http2 ?? false };
        if (certificates.length > 0) this.#openTls();
      }
      post({ type: "listening", worker });
    } catch (error) {
      post({ type: "listen_failed", worker, tls, error: whyNotListening(error) });
    }
  }

  /**
   * Serves other certificates to new connections. The new listener is opened before the old one leaves, so that no
   * client finds the port closed; connections that are open live on.
   */
  serveCertificates(pairs: readonly CertificatePair[]): void {
    if (this.#tls === null || pairs.length === 0) return;
    const isFirst = this.#tls.pairs.length === 0;
    this.#tls = { ...this.#tls, pairs };
    if (isFirst) this.#openTls();
    else this.#reopenTls();
  }

  /** Says why a client of HTTP/2 was disconnected: as a warning if it cost too much, at most once in ten seconds. */
  #tellOfDismissed(client: string, rule: string, forCost: boolean): void {
    const nowMs = this.#parts.clock.monotonicMs();
    const warns = forCost && nowMs >= this.#silentUntilMs;
    if (warns) this.#silentUntilMs = nowMs + WARNING_PAUSE_MS;
    this.#parts.post({
      type: "log",
      level: warns ? "warn" : "debug",
      event: forCost ? "client_flood" : "connection_refused",
      message: `A connection of ${client} by HTTP/2 was closed: the client ${rule}`,
      fields: { client, detail: `the client ${rule}` },
    });
  }

  #openTls(): void {
    this.#keepOpen(() => this.#front.listenTls(this.#listenTls()));
  }

  #reopenTls(): void {
    if (this.#tls === null) return;
    const { post, worker, clock } = this.#parts;
    try {
      // The first listener's end tells of an end of this one too.
      this.#front.listenTls(this.#listenTls()).catch(() => {});
    } catch (error) {
      // The listener before it goes on, with the certificates before these.
      const message = `Cannot serve the new certificates yet: ${
        whyNotListening(error)
      }; sluice tries again in a second`;
      post({ type: "log", level: "error", event: "certificates_not_served", message, fields: { worker } });
      clock.after(REOPEN_MS, () => this.#reopenTls(), true);
    }
  }

  #listenTls(): Acceptor<SecureConn> {
    return listenTls({ ...this.#tls!, onManyNames: () => this.#reopenTls() });
  }

  #keepOpen(open: () => Promise<void>): void {
    const { worker, post, clock } = this.#parts;
    this.#kept.push(
      new KeptOpen({
        clock,
        open: () => ({ finished: open() }),
        onDown: (error) => post({ type: "listener_down", worker, error }),
        onUp: () => post({ type: "listener_up", worker }),
      }),
    );
  }

  /** Accepts no TLS connection for so many ms; 0 ends that. */
  hold(ms: number): void {
    this.#front.hold(ms);
  }

  /** Has each response from now on be its connection's last. */
  sendAway(): void {
    this.#front.sendAway();
  }

  /**
   * Accepts nothing new any more, once what the system has accepted so far was taken up. If the worker is exchanged,
   * nobody waits for its end: idle connections have a little longer, and WebSockets nearly all of SHUTDOWN_TIMEOUT.
   */
  async stopAccepting(exchanged: boolean): Promise<void> {
    const { clock, listener } = this.#parts;
    const idleMs = exchanged ? EXCHANGED_IDLE_MS : IDLE_MS;
    this.#tls = null;
    for (const kept of this.#kept) kept.release();
    this.#front.sendAway();
    await this.#front.stopAccepting();
    if (!exchanged) this.#front.closeWebSockets();
    else clock.after(Math.max(0, listener().shutdownTimeoutMs - GOODBYE_MS), () => this.#front.closeWebSockets());
    const sinceMs = clock.monotonicMs();
    const waitsFor = () =>
      (this.#front.expected > 0 && clock.monotonicMs() - sinceMs < FRESH_MS) ||
      (this.#front.idle > 0 && clock.monotonicMs() - sinceMs < idleMs);
    while (waitsFor()) await delay(clock, LOOK_MS);
    this.#front.closeIdle();
  }

  /** Closes what is still open, once the last responses are written, which may still be on their way. */
  async untilClosed(): Promise<void> {
    const { clock } = this.#parts;
    const sinceMs = clock.monotonicMs();
    while (this.#front.closing > 0 && clock.monotonicMs() - sinceMs < GOODBYE_MS) await delay(clock, LOOK_MS);
    this.#front.close();
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

/** Made once for each configuration, since every connection reads it. */
function limitsOf(listener: ListenerConfig, workers: number): ClientLimits {
  if (limitsFor === listener) return limits!;
  const { front } = listener;
  limitsFor = listener;
  return limits = {
    headMs: front.headTimeoutMs,
    idleMs: front.idleTimeoutMs,
    bodyMs: listener.bodyTimeoutMs,
    writeMs: front.writeTimeoutMs,
    head: headLimits(front),
    connections: front.maxConnections === "auto" ? 0 : Math.max(1, Math.ceil(front.maxConnections / workers)),
    perClient: front.maxConnectionsPerClient,
    handshakeMs: listener.tls?.handshakeTimeoutMs ?? 0,
  };
}
