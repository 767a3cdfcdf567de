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

/** What a listener works with. */
export interface ListenerParts {
  readonly worker: number;
  readonly clock: Clock;
  post(message: WorkerMessage): void;
}

/**
 * One thread's listener: it opens the port that all threads share, and closes it without losing whom it can keep:
 * clients are sent away first where somebody else takes over, and then it waits for a moment in which nobody is
 * half-way in.
 */
export class Listener {
  readonly #front: ServeFront;
  readonly #parts: ListenerParts;
  #kept: KeptOpen<Deno.HttpServer<Deno.NetAddr>> | null = null;
  #closed: Promise<void> | undefined = undefined;

  constructor(front: ServeFront, parts: ListenerParts) {
    this.#front = front;
    this.#parts = parts;
  }

  /**
   * Begins to serve, and says whether that went well. When the listener ends by itself (no descriptor is left for a new
   * connection), it is opened again, and the control plane is told of both.
   */
  open(hostname: string, port: number): void {
    const { worker, post, clock } = this.#parts;
    const onError = (error: unknown) => this.#answerError(error);
    try {
      this.#kept = new KeptOpen({
        clock,
        open: () =>
          Deno.serve(
            { hostname, port, reusePort: true, onListen: () => {}, onError },
            (request, info) => this.#front.fetch(request, info),
          ),
        onDown: (error) => post({ type: "listener_down", worker, error }),
        onUp: () => post({ type: "listener_up", worker }),
      });
      post({ type: "listening", worker });
    } catch (error) {
      post({ type: "listen_failed", worker, tls: false, error: whyNotListening(error) });
    }
  }

  /** Makes each response from now on its connection's last. */
  sendAway(): void {
    this.#front.sendsAway = true;
  }

  /** Accepts nothing new any more; where clients were sent away, after a calm moment. */
  async stopAccepting(): Promise<void> {
    if (this.#front.sendsAway) await this.#calmMoment();
    this.#closed = this.#kept?.release()?.shutdown();
    this.#front.closeTunnels();
  }

  /**
   * Waits until it is closed, once nothing is open any more. It never is where a client left between the making of its
   * WebSocket and its 101, so that it is not waited for longer than a listener takes to close.
   */
  async untilClosed(): Promise<void> {
    using timeout = withTimeout(this.#parts.clock, CLOSE_MS);
    await timeout.race(Promise.resolve(this.#closed));
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
