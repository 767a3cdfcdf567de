/**
 * A trick on the platform: pauses the reading of a server's WebSocket, for which Deno has no call.
 *
 * Deno keeps a WebSocket's state, its reading loop and its role under private symbols, the same in Deno 2.4 to 2.9. The
 * loop asks after each message whether the socket is closed. To pause, the socket is made to look closed until the loop
 * has looked; to resume, the loop is started again.
 *
 * The symbols are looked up once, on the first WebSocket. If they are missing, `canPause` is false.
 *
 * Gain: TCP makes a fast client wait for a slow target. Without the trick, sluice holds the client's messages and ends
 * the tunnel at 16 MiB (`websocket_backpressure_test.ts` tries both).
 */

/** Where Deno keeps what its reading loop uses. */
interface PrivateSymbols {
  readonly readyState: symbol;
  readonly eventLoop: symbol;
  readonly role: symbol;
}

const OPEN = 1;
const CLOSED = 3;
const CLIENT_ROLE = 1;

/** What the first WebSocket of the thread showed; undefined until then. */
let symbols: PrivateSymbols | null | undefined;

/** A server's WebSocket whose reading can be paused. */
export class PausableSocket {
  /** False if this platform has no way to pause: then `pause` does nothing. */
  readonly canPause: boolean;
  readonly #socket: WebSocket;
  readonly #symbols: PrivateSymbols | null;
  readonly #broken: (error: unknown) => void;
  #paused = false;
  #ended = false;
  /** The socket's real state while it looks closed. */
  #hiddenState: number | null = null;
  #ownRole: number | undefined;

  /** `broken` is called if the reading loop fails. `mayPause: false` does without the trick, for tests. */
  constructor(socket: WebSocket, options: { mayPause: boolean; broken: (error: unknown) => void }) {
    if (symbols === undefined) symbols = findSymbols(socket);
    this.#socket = socket;
    this.#symbols = options.mayPause ? symbols : null;
    this.#broken = options.broken;
    this.canPause = this.#symbols !== null;
  }

  get isOpen(): boolean {
    return (this.#hiddenState ?? this.#socket.readyState) === OPEN;
  }

  get bufferedBytes(): number {
    return this.#asItIs(() => this.#socket.bufferedAmount);
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.#asItIs(() => this.#socket.send(data));
  }

  /** Sends a close frame; null sends one without a code. */
  close(code: number | null, reason = ""): void {
    this.#asItIs(() => code === null ? this.#socket.close() : this.#socket.close(code, reason));
  }

  /** Stops reading after the message that is being handled. Returns false if it was paused already, or can't be. */
  pause(): boolean {
    if (this.#symbols === null || this.#paused) return false;
    this.#paused = true;
    const { readyState } = this.#symbols;
    const fields = this.#fields;
    if (fields[readyState] !== CLOSED) {
      this.#hiddenState = fields[readyState]!;
      fields[readyState] = CLOSED;
      queueMicrotask(() => {
        fields[readyState] = this.#hiddenState!;
        this.#hiddenState = null;
      });
    }
    return true;
  }

  /** Reads on after `pause`. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    const { eventLoop } = this.#symbols!;
    // After the microtask of `pause`, if both happen in one turn.
    queueMicrotask(() => {
      if (this.#ended) return;
      const socket = this.#socket as unknown as Record<symbol, () => Promise<void>>;
      socket[eventLoop]!().catch(this.#broken);
    });
  }

  /** The socket is closed: it is never read again. */
  ended(): void {
    this.#ended = true;
  }

  /**
   * After `close`: drops what the client still sends until its own close frame comes. Deno does so on a client's
   * WebSocket. On a server's, the first such message ends the connection; as TCP resets it, the client loses what it
   * has not read yet, and an upload that is cut short never learns why.
   */
  dropMessages(): void {
    if (this.#symbols === null) return;
    const { role } = this.#symbols;
    this.#ownRole = this.#fields[role];
    this.#fields[role] = CLIENT_ROLE;
  }

  /** Ends `dropMessages`: a message that comes instead of the client's close frame ends the connection. */
  dropConnection(): void {
    if (this.#symbols !== null && !this.isOpen) this.#fields[this.#symbols.role] = this.#ownRole;
  }

  get #fields(): Record<symbol, number | undefined> {
    return this.#socket as unknown as Record<symbol, number | undefined>;
  }

  /** Uses the socket in its real state: one that looks closed drops what is sent and says that nothing waits. */
  #asItIs<T>(use: () => T): T {
    if (this.#hiddenState === null) return use();
    const { readyState } = this.#symbols!;
    const fields = this.#fields;
    fields[readyState] = this.#hiddenState;
    try {
      return use();
    } finally {
      this.#hiddenState = fields[readyState]!;
      fields[readyState] = CLOSED;
    }
  }
}

function findSymbols(socket: WebSocket): PrivateSymbols | null {
  const readyState = symbolOf(socket, "[[readyState]]");
  const eventLoop = symbolOf(Object.getPrototypeOf(socket), "[[eventLoop]]");
  const role = symbolOf(socket, "[[role]]");
  return readyState && eventLoop && role ? { readyState, eventLoop, role } : null;
}

function symbolOf(object: object, description: string): symbol | undefined {
  return Object.getOwnPropertySymbols(object).find((symbol) => symbol.description === description);
}
