import type { TLSSocket } from "node:tls";
import { nextTurn } from "../../time/clock.ts";
import type { SecureConn } from "../acceptor.ts";
import type { Bytes } from "../../http1/bytes.ts";

/** A connection with TLS by a socket of `node:tls`, read and written as Deno's own connections are. */
export class SocketConn implements SecureConn {
  readonly remoteAddr: Deno.NetAddr;
  readonly #socket: TLSSocket;
  readonly #tcp: Deno.TcpConn;
  readonly #handshake = Promise.withResolvers<{ alpnProtocol: string | null }>();
  /** Bytes that came with those of the last read, and did not fit. */
  #rest: Bytes | null = null;
  #wake: (() => void) | null = null;
  /** What broke the connection. */
  #error: Error | null = null;
  /** The client has ended its side. */
  #ended = false;
  /** The goodbye of TLS (close_notify) was sent. */
  #saidGoodbye = false;

  /** @param tcp The connection below, which both close. */
  constructor(socket: TLSSocket, tcp: Deno.TcpConn) {
    this.#socket = socket;
    this.#tcp = tcp;
    this.remoteAddr = tcp.remoteAddr;
    // Nobody may have asked when it fails.
    this.#handshake.promise.catch(() => {});
    socket.on("secure", () => this.#handshake.resolve({ alpnProtocol: socket.alpnProtocol || null }));
    socket.on("readable", () => this.#notify());
    socket.on("end", () => {
      this.#ended = true;
      this.#notify();
    });
    socket.on("error", (error) => this.#break(error));
    socket.on("close", () => {
      this.#leave();
      this.#break(new Deno.errors.ConnectionReset("The connection is closed"));
    });
  }

  handshake(): Promise<{ alpnProtocol: string | null }> {
    return this.#handshake.promise;
  }

  async read(place: Bytes): Promise<number | null> {
    while (true) {
      const bytes: Bytes | null = this.#rest ?? this.#socket.read();
      if (bytes !== null) {
        const count = Math.min(bytes.length, place.length);
        place.set(count < bytes.length ? bytes.subarray(0, count) : bytes);
        this.#rest = count < bytes.length ? bytes.subarray(count) : null;
        return count;
      }
      if (this.#ended) return null;
      if (this.#error !== null) throw this.#error;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  write(bytes: Bytes): Promise<number> {
    return new Promise((resolve, reject) =>
      this.#socket.write(bytes, (error) => error ? reject(error) : resolve(bytes.length))
    );
  }

  closeWrite(): Promise<void> {
    this.#saidGoodbye = true;
    return new Promise((resolve) => this.#socket.end(resolve));
  }

  closeInOrder(): void {
    if (!this.#saidGoodbye) void this.closeWrite();
    // The goodbye is written by then, unless the client takes nothing.
    nextTurn(() => this.close());
  }

  /** Closes it at once; the client learns that something is missing, unless it was told before that nothing is. */
  close(): void {
    this.#socket.destroy();
    this.#leave();
  }

  abort(): void {
    this.close();
  }

  /**
   * Closes the connection below, which the platform's socket leaves to whoever accepted it. The socket says that it has
   * sent its goodbye a turn of the event loop before it has.
   */
  #leave(): void {
    if (this.#saidGoodbye) nextTurn(() => this.#closeTcp());
    else this.#closeTcp();
  }

  #closeTcp(): void {
    try {
      this.#tcp.close();
    } catch {
      // Closed before.
    }
  }

  #break(error: Error): void {
    this.#error ??= error;
    this.#handshake.reject(this.#error);
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
