import type { CancelTimer, Clock } from "../../time/clock.ts";
import { MESSAGE_COST } from "./message_cost.ts";
import { PausableSocket } from "./pausable_socket.ts";
import { mayClose } from "./upgrade_close.ts";
import { WaitingMessages } from "./waiting_messages.ts";

/**
 * How a leg of a tunnel ended: with a close frame (`code` is 1005 if it had none), or without one (`code` null).
 */
export interface LegEnd {
  readonly code: number | null;
  readonly reason: string;
}

/** What the client's leg tells its owner. */
export interface ClientLegHandlers {
  opened(): void;
  /** A whole message; false asks to read no further until `resume`. */
  message(data: string | ArrayBuffer): boolean;
  /** Once, also if the leg never opened. */
  ended(end: LegEnd): void;
  /** One of the three above threw, or the platform did. */
  broken(error: unknown): void;
}

const PROTOCOL = "sec-websocket-protocol";
/** How often sluice looks at a slow client's buffer: the platform has no event for a buffer that has drained. */
const DRAIN_POLL_MS = 5;

/** The client's leg: the WebSocket that `Deno.serve` makes of the client's request. */
export class ClientLeg {
  /** The 101 for `Deno.serve`. */
  readonly response: Response;
  readonly #socket: PausableSocket;
  readonly #handlers: ClientLegHandlers;
  readonly #clock: Clock;
  readonly #pingSeconds: number;
  readonly #waiting: WaitingMessages;
  #ended = false;
  #cancelPeek: CancelTimer | null = null;
  #cancelPoll: CancelTimer | null = null;

  /**
   * Accepts the client, with the headers `told` in its 101. `pingSeconds` is `Deno.upgradeWebSocket`'s `idleTimeout`:
   * after half of it without a message the client is sent a ping, and if nothing comes back in the other half it is
   * gone; 0 sends no pings.
   */
  constructor(
    request: Request,
    handlers: ClientLegHandlers,
    options: {
      clock: Clock;
      pingSeconds: number;
      holdReading: boolean;
      told: readonly (readonly [string, string])[];
    },
  ) {
    const protocol = options.told.find(([name]) => name.toLowerCase() === PROTOCOL)?.[1];
    // Deno splits the client's offer at ", " alone, and throws if the protocol is not in it.
    const found = protocol !== undefined && request.headers.get(PROTOCOL)!.split(", ").includes(protocol);
    // Asked for later, it says nothing of a client that has left by then.
    const { signal } = request;
    const { socket, response } = Deno.upgradeWebSocket(request, {
      idleTimeout: options.pingSeconds,
      protocol: found ? protocol : undefined,
    });
    addHeaders(response, found ? options.told.filter(([name]) => name.toLowerCase() !== PROTOCOL) : options.told);
    this.response = response;
    this.#socket = new PausableSocket(socket, { mayPause: options.holdReading, broken: handlers.broken });
    this.#handlers = handlers;
    this.#clock = options.clock;
    this.#pingSeconds = options.pingSeconds;
    this.#waiting = new WaitingMessages(options.clock);
    socket.binaryType = "arraybuffer";
    this.#listen(socket, "open", () => handlers.opened());
    this.#listen(socket, "message", (event) => {
      if (!handlers.message(event.data)) this.#stopReading();
    });
    // A client that leaves often causes no event of the socket, but the request's signal aborts.
    const left = () => {
      if (!this.#socket.isOpen) this.#end({ code: null, reason: "" });
    };
    // No `close` event follows if the client left before the 101 was sent.
    this.#listen(socket, "error", left);
    signal.addEventListener("abort", left, { once: true });
    // Later, since the leg's owner does not have the leg yet.
    if (signal.aborted) queueMicrotask(left);
    this.#listen(socket, "close", ({ wasClean, code, reason }) => {
      this.#end(wasClean && mayClose(code, reason) ? { code, reason } : { code: null, reason: "" });
    });
  }

  /** Whether a `message` handler that returns false pauses the client; otherwise it changes nothing. */
  get canPause(): boolean {
    return this.#socket.canPause;
  }

  /** Catches what an event's handler throws: the platform would end the process. */
  #listen<K extends keyof WebSocketEventMap>(
    socket: WebSocket,
    type: K,
    run: (event: WebSocketEventMap[K]) => void,
  ): void {
    socket.addEventListener(type, (event) => {
      try {
        run(event);
      } catch (error) {
        this.#handlers.broken(error);
      }
    });
  }

  /** Memory that messages take until the client reads them, in bytes. */
  get waitingCost(): number {
    const bytes = this.#socket.bufferedBytes;
    return bytes + this.#waiting.count(bytes) * MESSAGE_COST;
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.#waiting.add(data.length === 0, this.#socket.bufferedBytes);
    this.#socket.send(data);
  }

  /**
   * Sends a close frame after all that was sent; null sends one without a code. What the client still sends is dropped
   * until its own close frame comes.
   */
  close(code: number | null, reason: string): void {
    this.resume();
    if (!this.#socket.isOpen) return;
    this.#socket.close(code, reason);
    this.#socket.dropMessages();
  }

  /** Ends the leg at once, whatever state it is in. */
  drop(): void {
    // The socket closes only while it is read.
    this.resume();
    if (this.#ended) return;
    try {
      this.#socket.close(null);
      this.waitNoLonger();
    } catch {
      // There is nothing left to end.
    }
  }

  /** After `close`: whatever the client sends next, other than its close frame, drops the connection. */
  waitNoLonger(): void {
    if (!this.#ended) this.#socket.dropConnection();
  }

  /** Calls `run` once when what waits for the client costs no more than `cost`, or the leg is over. */
  whenBelow(cost: number, run: () => void): void {
    this.#poll(() => this.waitingCost <= cost, run);
  }

  /** Calls `run` once when all that has bytes was written, or the leg is over. */
  whenWritten(run: () => void): void {
    this.#poll(() => this.#socket.bufferedBytes === 0, run);
  }

  #poll(holds: () => boolean, run: () => void): void {
    this.#cancelPoll?.();
    this.#cancelPoll = null;
    if (this.#ended || holds()) return run();
    this.#cancelPoll = this.#clock.after(DRAIN_POLL_MS, () => {
      try {
        this.#poll(holds, run);
      } catch (error) {
        this.#handlers.broken(error);
      }
    });
  }

  /** Reads on after `message` returned false. */
  resume(): void {
    this.#cancelPeek?.();
    this.#cancelPeek = null;
    this.#socket.resume();
  }

  #stopReading(): void {
    if (!this.#socket.pause() || this.#pingSeconds === 0) return;
    // A paused socket sees no pongs, so a waiting client would look dead: read one message now and then.
    this.#cancelPeek = this.#clock.after(this.#pingSeconds * 250, () => this.resume());
  }

  #end(end: LegEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#socket.ended();
    this.#cancelPeek?.();
    this.#handlers.ended(end);
  }
}

/** Adds headers to a 101. Older Denos (such as 2.4) forbid that: there the client does not get them. */
function addHeaders(response: Response, headers: readonly (readonly [string, string])[]): void {
  try {
    for (const [name, value] of headers) response.headers.append(name, value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}
