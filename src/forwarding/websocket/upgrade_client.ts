import type { CancelTimer, Clock } from "../../time/clock.ts";
import { MESSAGE_COST } from "./message_cost.ts";
import { mayClose } from "./upgrade_close.ts";
import { WaitingMessages } from "./waiting_messages.ts";

/**
 * How a leg of a tunnel ended: with a close frame (`code` is 1005 where it held none), or by vanishing (`code` null).
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
  /** Once, also where the leg never opened. */
  ended(end: LegEnd): void;
  /** One of the three above threw, or what called it. */
  broken(error: unknown): void;
}

/** The places of a WebSocket of Deno's by which its reading is governed; see {@linkcode findReadingKeys}. */
interface ReadingKeys {
  readonly readyState: symbol;
  readonly eventLoop: symbol;
  readonly role: symbol;
}

const OPEN = 1;
const CLOSED = 3;
const CLIENT_ROLE = 1;
const PROTOCOL = "sec-websocket-protocol";
/** How often a slow client's buffer is looked at: the platform tells nobody when it has drained. */
const DRAIN_POLL_MS = 5;

/** The client's leg: the WebSocket that `Deno.serve` makes of the client's request. */
export class ClientLeg {
  /** The 101 for `Deno.serve`. */
  readonly response: Response;
  /** False where `message` returning false changes nothing. */
  readonly canPause: boolean;
  readonly #socket: WebSocket;
  readonly #handlers: ClientLegHandlers;
  readonly #clock: Clock;
  readonly #keys: ReadingKeys | null;
  readonly #pingSeconds: number;
  #ownRole: number | undefined;
  #paused = false;
  #ended = false;
  readonly #waiting: WaitingMessages;
  /** The socket's state while it is made to look closed. */
  #hiddenState: number | null = null;
  #cancelPeek: CancelTimer | null = null;
  #cancelPoll: CancelTimer | null = null;

  /**
   * Accepts the client, telling it the headers `told`. `pingSeconds` is `Deno.upgradeWebSocket`'s `idleTimeout`: a
   * client that was silent for half of it is sent a ping, and is gone if nothing comes back in the other half; 0 never
   * asks.
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
    // Deno takes the client's offer apart at ", " alone, and throws where it does not find the protocol.
    const found = protocol !== undefined && request.headers.get(PROTOCOL)!.split(", ").includes(protocol);
    const { socket, response } = Deno.upgradeWebSocket(request, {
      idleTimeout: options.pingSeconds,
      protocol: found ? protocol : undefined,
    });
    addHeaders(response, found ? options.told.filter(([name]) => name.toLowerCase() !== PROTOCOL) : options.told);
    this.response = response;
    this.#keys = options.holdReading ? findReadingKeys(socket) : null;
    this.canPause = this.#keys !== null;
    this.#socket = socket;
    this.#handlers = handlers;
    this.#clock = options.clock;
    this.#pingSeconds = options.pingSeconds;
    this.#waiting = new WaitingMessages(options.clock);
    socket.binaryType = "arraybuffer";
    this.#listen("open", () => handlers.opened());
    this.#listen("message", (event) => {
      if (!handlers.message(event.data)) this.#stopReading();
    });
    // And mostly without any event of the socket's at all: then only the request knows.
    const left = () => {
      if (this.#state !== OPEN) this.#end({ code: null, reason: "" });
    };
    // Without a `close` event to follow where the client left before the 101 was out.
    this.#listen("error", left);
    request.signal.addEventListener("abort", left, { once: true });
    // Not at once: the leg's owner is not there yet.
    if (request.signal.aborted) queueMicrotask(left);
    this.#listen("close", ({ wasClean, code, reason }) => {
      this.#end(wasClean && mayClose(code, reason) ? { code, reason } : { code: null, reason: "" });
    });
  }

  /** Nothing that is thrown may leave an event: the platform ends the process for it. */
  #listen<K extends keyof WebSocketEventMap>(type: K, run: (event: WebSocketEventMap[K]) => void): void {
    this.#socket.addEventListener(type, (event) => {
      try {
        run(event);
      } catch (error) {
        this.#handlers.broken(error);
      }
    });
  }

  /** What the messages cost that wait for the client to read them, in bytes. */
  get waitingCost(): number {
    const bytes = this.#bufferedBytes;
    return bytes + this.#waiting.count(bytes) * MESSAGE_COST;
  }

  get #bufferedBytes(): number {
    return this.#awake(() => this.#socket.bufferedAmount);
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.#waiting.add(data.length === 0, this.#bufferedBytes);
    this.#awake(() => this.#socket.send(data));
  }

  /**
   * Sends a close frame behind all that was sent; null sends one without a code. What the client still sends is dropped
   * until its own close frame comes. A server's WebSocket of Deno's would drop the connection at the first such message
   * instead (a client's would not), and with it, as TCP resets it, what the client has not read yet: an upload that is
   * cut short would never know why.
   */
  close(code: number | null, reason: string): void {
    this.resume();
    if (this.#state !== OPEN) return;
    this.#awake(() => code === null ? this.#socket.close() : this.#socket.close(code, reason));
    if (this.#keys === null) return;
    const socket = this.#socket as unknown as Record<symbol, number | undefined>;
    this.#ownRole = socket[this.#keys.role];
    socket[this.#keys.role] = CLIENT_ROLE;
  }

  /** Ends the leg at once, whatever state it is in. */
  drop(): void {
    // The loop that closes the socket has to run.
    this.resume();
    if (this.#ended) return;
    try {
      this.#awake(() => this.#socket.close());
      this.waitNoLonger();
    } catch {
      // There is nothing left to end.
    }
  }

  /** After `close`: whatever the client sends next, other than its close frame, drops the connection. */
  waitNoLonger(): void {
    if (this.#ended || this.#keys === null || this.#state === OPEN) return;
    (this.#socket as unknown as Record<symbol, number | undefined>)[this.#keys.role] = this.#ownRole;
  }

  /** Calls `run` once when what waits for the client costs no more than `cost`, or the leg is over. */
  whenBelow(cost: number, run: () => void): void {
    this.#poll(() => this.waitingCost <= cost, run);
  }

  /** Calls `run` once when all that has bytes was written, or the leg is over. */
  whenWritten(run: () => void): void {
    this.#poll(() => this.#bufferedBytes === 0, run);
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
    if (!this.#paused) return;
    this.#paused = false;
    const keys = this.#keys!;
    const socket = this.#socket as unknown as Record<symbol, () => Promise<void>>;
    // Behind the microtask of #stopReading, should both happen in one turn.
    queueMicrotask(() => {
      if (!this.#ended) socket[keys.eventLoop]!().catch(this.#handlers.broken);
    });
  }

  /**
   * Leaves the socket's reading loop, so that TCP makes the client wait. Deno has no call for that, but its loop asks
   * after each message whether the socket is closed: it is made to look so until the loop has looked, and resuming
   * starts the loop anew.
   */
  #stopReading(): void {
    if (this.#keys === null || this.#paused) return;
    this.#paused = true;
    const { readyState } = this.#keys;
    const socket = this.#socket as unknown as Record<symbol, number>;
    if (socket[readyState] !== CLOSED) {
      this.#hiddenState = socket[readyState]!;
      socket[readyState] = CLOSED;
      queueMicrotask(() => {
        socket[readyState] = this.#hiddenState!;
        this.#hiddenState = null;
      });
    }
    // Pongs are not seen meanwhile: let one message in now and then, or the ping would take a waiting client for a dead
    // one.
    if (this.#pingSeconds > 0) this.#cancelPeek = this.#clock.after(this.#pingSeconds * 250, () => this.resume());
  }

  get #state(): number {
    return this.#hiddenState ?? this.#socket.readyState;
  }

  /** Uses the socket as what it is: one that looks closed would drop what is sent, and say that nothing waits. */
  #awake<T>(use: () => T): T {
    if (this.#hiddenState === null) return use();
    const { readyState } = this.#keys!;
    const socket = this.#socket as unknown as Record<symbol, number>;
    socket[readyState] = this.#hiddenState;
    try {
      return use();
    } finally {
      this.#hiddenState = socket[readyState]!;
      socket[readyState] = CLOSED;
    }
  }

  #end(end: LegEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelPeek?.();
    this.#handlers.ended(end);
  }
}

/** Adds headers to a 101. Older Denos (2.4, say) let nobody: there the client does without them. */
export function addHeaders(response: Response, headers: readonly (readonly [string, string])[]): void {
  try {
    for (const [name, value] of headers) response.headers.append(name, value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

/**
 * Finds where this Deno keeps a WebSocket's state and reading loop: private symbols, the same in Deno 2.4 to 2.9. Null
 * where they are not found; then a client that sends much faster than its target reads is cut off instead of being made
 * to wait.
 */
function findReadingKeys(socket: WebSocket): ReadingKeys | null {
  const readyState = symbolOf(socket, "[[readyState]]");
  const eventLoop = symbolOf(Object.getPrototypeOf(socket), "[[eventLoop]]");
  const role = symbolOf(socket, "[[role]]");
  return readyState && eventLoop && role ? { readyState, eventLoop, role } : null;
}

function symbolOf(object: object, description: string): symbol | undefined {
  return Object.getOwnPropertySymbols(object).find((symbol) => symbol.description === description);
}
