import { Buffer } from "node:buffer";
import net from "node:net";
import { within } from "./poll.ts";

/** How the other side ended a connection. */
export type EndKind = "end" | "reset";

/**
 * One TCP connection, byte by byte, with nothing between the test and the wire. On node:net, since a real reset (RST)
 * can't be sent through `Deno.Conn`.
 */
export class RawSocket implements AsyncDisposable {
  readonly #socket: net.Socket;
  #received: Uint8Array[] = [];
  #length = 0;
  #ended: EndKind | null = null;
  #waiting: (() => void)[] = [];
  readonly #closed: Promise<void>;

  constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Uint8Array) => {
      this.#received.push(new Uint8Array(chunk));
      this.#length += chunk.length;
      this.#wake();
    });
    socket.on("end", () => this.#end("end"));
    socket.on("error", () => this.#end("reset"));
    this.#closed = new Promise((resolve) =>
      socket.on("close", () => {
        this.#end("end");
        resolve();
      })
    );
  }

  /** Opens a connection to `http://host:port` (or `{ hostname, port }`). */
  static async connect(to: string | { hostname: string; port: number }): Promise<RawSocket> {
    const { hostname, port } = typeof to === "string" ? new URL(to) : to;
    const socket = net.connect({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port) || 80,
      allowHalfOpen: true,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.removeListener("error", reject);
        resolve();
      });
    });
    return new RawSocket(socket);
  }

  /** The port on this side. */
  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  /** The port on the other side. */
  get remotePort(): number {
    return this.#socket.remotePort ?? 0;
  }

  /** How the other side ended it, or null while it has not. */
  get endedBy(): EndKind | null {
    return this.#ended;
  }

  /** How many bytes have come that were not taken yet. */
  get available(): number {
    return this.#length;
  }

  /** Sends exactly these bytes; text is taken as Latin-1, a byte a character. Resolves when the system has them. */
  send(bytes: string | Uint8Array): Promise<void> {
    const data = typeof bytes === "string" ? latin1(bytes) : bytes;
    return new Promise((resolve, reject) => {
      this.#socket.write(data, (error) => error ? reject(error) : resolve());
    });
  }

  /** Ends this side's sending (FIN); receiving goes on. */
  halfClose(): void {
    this.#socket.end();
  }

  /** Tears the connection down with a reset (RST). */
  reset(): Promise<void> {
    this.#socket.resetAndDestroy();
    return this.#closed;
  }

  /** Closes the connection. */
  close(): Promise<void> {
    this.#socket.destroy();
    return this.#closed;
  }

  /** Waits until the other side ended the connection, and says how. What came stays readable. */
  async untilEnded(patienceMs?: number): Promise<EndKind> {
    await this.#waitFor(() => this.#ended !== null, "the other side to end the connection", patienceMs);
    return this.#ended!;
  }

  /** Waits `ms`, or less if the other side ends the connection meanwhile; returns whether it did. */
  async endedWithin(ms: number): Promise<boolean> {
    const woken = Promise.withResolvers<void>();
    const timer = setTimeout(woken.resolve, ms);
    while (this.#ended === null) {
      const data = new Promise<"more">((resolve) => this.#waiting.push(() => resolve("more")));
      if (await Promise.race([woken.promise, data]) !== "more") break;
    }
    clearTimeout(timer);
    return this.#ended !== null;
  }

  /** Takes everything until the other side ends the connection, as Latin-1 text. */
  async readToEnd(patienceMs?: number): Promise<string> {
    await this.untilEnded(patienceMs);
    return text(this.take(this.#length));
  }

  /** Takes bytes up to and with the first `mark`; null when the connection ends before it came. */
  async readThrough(mark: string, patienceMs?: number): Promise<string | null> {
    let at = -1;
    await this.#waitFor(() => (at = indexOf(this.#all(), latin1(mark))) >= 0 || this.#ended !== null, mark, patienceMs);
    return at < 0 ? null : text(this.take(at + mark.length));
  }

  /** Takes exactly `count` bytes, fewer only if the connection ended before. */
  async readExactly(count: number, patienceMs?: number): Promise<Uint8Array> {
    await this.#waitFor(() => this.#length >= count || this.#ended !== null, `${count} bytes`, patienceMs);
    return this.take(Math.min(count, this.#length));
  }

  /** Waits for at least one byte and takes all that has come; empty at the end of the connection. */
  async readSome(patienceMs?: number): Promise<Uint8Array> {
    await this.#waitFor(() => this.#length > 0 || this.#ended !== null, "bytes", patienceMs);
    return this.take(this.#length);
  }

  /** Takes `count` bytes that have come. */
  take(count: number): Uint8Array {
    const all = this.#all();
    this.#received = count < all.length ? [all.subarray(count)] : [];
    this.#length -= count;
    return all.subarray(0, count);
  }

  /** Stops reading, so that the other side's sending is held back; `resume` goes on. */
  pause(): void {
    this.#socket.pause();
  }

  /** Goes on reading after `pause`. */
  resume(): void {
    this.#socket.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #all(): Uint8Array {
    if (this.#received.length > 1) {
      const all = new Uint8Array(this.#length);
      let at = 0;
      for (const chunk of this.#received) {
        all.set(chunk, at);
        at += chunk.length;
      }
      this.#received = [all];
    }
    return this.#received[0] ?? new Uint8Array(0);
  }

  #end(kind: EndKind): void {
    this.#ended ??= kind;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  async #waitFor(done: () => boolean, what: string, patienceMs?: number): Promise<void> {
    while (!done()) {
      await within(
        new Promise<void>((resolve) => this.#waiting.push(resolve)),
        // Asked for only if needed: joining what came after each packet is expensive for large bodies.
        () => `${JSON.stringify(what)} on a raw socket; it holds ${JSON.stringify(text(this.#all().subarray(0, 500)))}`,
        patienceMs,
      );
    }
  }
}

/** Bytes of a Latin-1 text, one a character. */
export function latin1(value: string): Uint8Array {
  return new Uint8Array(Buffer.from(value, "latin1"));
}

/** Latin-1 text of bytes, one character a byte. */
export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

function indexOf(bytes: Uint8Array, mark: Uint8Array): number {
  outer: for (let i = 0; i + mark.length <= bytes.length; i++) {
    for (let j = 0; j < mark.length; j++) if (bytes[i + j] !== mark[j]) continue outer;
    return i;
  }
  return -1;
}
