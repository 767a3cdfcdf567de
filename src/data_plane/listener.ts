import type { CertificatePair } from "../certificates/certificate_pair.ts";
import { type Origin, PLAIN, SECURE } from "../front/serve/origin.ts";
import { CutTransfer } from "../front/serve/reply_stream.ts";
import type { ServeFront } from "../front/serve/serve_front.ts";
import type { WorkerMessage } from "../protocol/messages.ts";
import { type Clock, delay } from "../time/clock.ts";
import { withTimeout } from "../time/with_timeout.ts";
import { KeptOpen } from "../time/kept_open.ts";
import { whyNotListening } from "../dial/listen_error.ts";

/** Longest wait for the listener once nothing is open any more. */
const CLOSE_MS = 500;
/** Longest wait for a calm moment to close the listener in, and how late its timer of 1 ms may come. */
const CALM_MS = 1000;
const CALM_TURN_MS = 1.4;

/** Until a listener that could not be opened for a new certificate is tried again. */
const REOPEN_MS = 1_000;

type Server = Deno.HttpServer<Deno.NetAddr>;

/** What a listener works with. */
export interface ListenerParts {
  readonly worker: number;
  readonly clock: Clock;
  post(message: WorkerMessage): void;
}

/** What a listener opens. */
export interface Ports {
  readonly hostname: string;
  /** 0 for none. */
  readonly port: number;
  readonly tlsPort: number;
  /** The first is served. Until there is one, the port for TLS stays closed. */
  readonly certificates: readonly CertificatePair[];
}

/**
 * One thread's listener: it opens the ports that all threads share, and closes them without losing whom it can keep:
 * clients are sent away first where somebody else takes over, and then it waits for a moment in which nobody is
 * half-way in.
 */
export class Listener {
  readonly #front: ServeFront;
  readonly #parts: ListenerParts;
  #plain: KeptOpen<Server> | null = null;
  #secure: KeptOpen<Server> | null = null;
  #tls: { readonly hostname: string; readonly port: number; readonly pair: CertificatePair | null } | null = null;
  #closed: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(front: ServeFront, parts: ListenerParts) {
    this.#front = front;
    this.#parts = parts;
  }

  /**
   * Begins to serve, and says whether that went well. When a listener ends by itself (no descriptor is left for a new
   * connection), it is opened again, and the control plane is told of both.
   */
  open({ hostname, port, tlsPort, certificates }: Ports): void {
    const { worker, post } = this.#parts;
    let tls = false;
    try {
      if (port > 0) this.#plain = this.#keepOpen({ hostname, port }, PLAIN);
      tls = true;
      if (tlsPort > 0) {
        this.#tls = { hostname, port: tlsPort, pair: certificates[0] ?? null };
        if (this.#tls.pair !== null) this.#openTls();
      }
      post({ type: "listening", worker });
    } catch (error) {
      post({ type: "listen_failed", worker, tls, error: whyNotListening(error) });
    }
  }

  /**
   * Serves another certificate to new connections: the new listener is opened before the old one is closed. The
   * platform closes that with the connections that wait in it, and tells clients of open ones to come back.
   */
  serveCertificates([pair]: readonly CertificatePair[]): void {
    if (this.#tls === null || pair === undefined || isSame(pair, this.#tls.pair)) return;
    this.#tls = { ...this.#tls, pair };
    this.#reopenTls();
  }

  #openTls(): void {
    const { hostname, port, pair } = this.#tls!;
    this.#secure = this.#keepOpen({ hostname, port, cert: pair!.certificate, key: pair!.key }, SECURE);
  }

  #reopenTls(): void {
    if (this.#stopped) return;
    const { post, worker, clock } = this.#parts;
    const before = this.#secure;
    try {
      this.#openTls();
    } catch (error) {
      // The listener before it, if there is one, goes on.
      const message = `Cannot serve the new certificate yet: ${whyNotListening(error)}; sluice tries again in a second`;
      post({ type: "log", level: "error", event: "certificates_not_served", message, fields: { worker } });
      clock.after(REOPEN_MS, () => this.#reopenTls(), true);
      return;
    }
    void before?.release()?.shutdown();
  }

  #keepOpen(options: Deno.ServeTcpOptions | (Deno.ServeTcpOptions & Deno.TlsCertifiedKeyPem), origin: Origin) {
    const { worker, post, clock } = this.#parts;
    const onError = (error: unknown) => this.#answerError(error);
    return new KeptOpen<Server>({
      clock,
      open: () =>
        Deno.serve(
          { ...options, reusePort: true, onListen: () => {}, onError },
          (request, info) => this.#front.fetch(request, info, origin),
        ),
      onDown: (error) => post({ type: "listener_down", worker, error }),
      onUp: () => post({ type: "listener_up", worker }),
    });
  }

  /** Makes each response from now on its connection's last. */
  sendAway(): void {
    this.#front.sendsAway = true;
  }

  /** Accepts nothing new any more; where clients were sent away, after a calm moment. */
  async stopAccepting(): Promise<void> {
    if (this.#front.sendsAway) await this.#calmMoment();
    this.#stopped = true;
    this.#closed = Promise.all([this.#plain, this.#secure].map((kept) => kept?.release()?.shutdown()));
    this.#front.closeTunnels();
  }

  /**
   * Waits until it is closed, once nothing is open any more. It never is where a client left between the making of its
   * WebSocket and its 101, so that it is not waited for longer than a listener takes to close.
   */
  async untilClosed(): Promise<void> {
    using timeout = withTimeout(this.#parts.clock, CLOSE_MS);
    await timeout.race(this.#closed);
  }

  /**
   * Waits for a turn of the event loop in which nothing else was done, for a while: what was accepted has been read
   * then. A listener that closes loses connections that wait to be accepted, and those whose request was not read yet.
   */
  async #calmMoment(): Promise<void> {
    const { clock } = this.#parts;
    const untilMs = clock.monotonicMs() + CALM_MS;
    for (let beforeMs = clock.monotonicMs(); beforeMs < untilMs; beforeMs = clock.monotonicMs()) {
      await delay(clock, 1);
      if (clock.monotonicMs() - beforeMs < CALM_TURN_MS) return;
    }
  }

  /** Errors of streams that sluice cut on purpose come by here too; the client has seen its broken transfer already. */
  #answerError(error: unknown): Response {
    if (!(error instanceof CutTransfer)) {
      this.#parts.post({
        type: "log",
        level: "error",
        event: "listener_error",
        message: "The listener reported an error",
        fields: { error: String(error) },
      });
    }
    return new Response(null, { status: 500 });
  }
}

/** Tells whether a certificate and its key are those that are served. */
function isSame(pair: CertificatePair, served: CertificatePair | null): boolean {
  return pair.fingerprint === served?.fingerprint && pair.key === served.key;
}
