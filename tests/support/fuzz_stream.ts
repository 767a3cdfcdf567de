import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers";
import type { Dice } from "./dice.ts";

/** The other side ended the connection, or broke it. */
export class StreamEnded extends Error {}

/**
 * One side of a connection for fuzzing: reads text (a character a byte) by marks and lengths, writes it in pieces cut
 * at random.
 */
export class FuzzStream {
  readonly #conn: Deno.Conn;
  readonly #dice: Dice;
  readonly #room = new Uint8Array(16_384);
  #text = "";

  constructor(conn: Deno.Conn, dice: Dice) {
    this.#conn = conn;
    this.#dice = dice;
    (conn as Deno.TcpConn).setNoDelay(true);
  }

  /** Takes text up to and with a mark. */
  async through(mark: string): Promise<string> {
    for (let from = 0;;) {
      const at = this.#text.indexOf(mark, from);
      if (at >= 0) return this.#take(at + mark.length);
      from = Math.max(0, this.#text.length - mark.length);
      await this.#more();
    }
  }

  /** Takes so many characters. */
  async exactly(count: number): Promise<string> {
    while (this.#text.length < count) await this.#more();
    return this.#take(count);
  }

  /** Takes all up to the other side's end, however it ended. */
  async rest(): Promise<string> {
    try {
      for (;;) await this.#more();
    } catch (error) {
      if (!(error instanceof StreamEnded)) throw error;
    }
    return this.#take(this.#text.length);
  }

  /** Takes a chunked body; returns its data and its trailers. */
  async chunks(): Promise<{ body: string; trailers: string }> {
    let body = "";
    for (;;) {
      const line = await this.through("\r\n");
      const size = parseInt(line, 16);
      if (!/^[0-9a-fA-F]+(;[^\r]*)?\r\n$/.test(line)) throw new Error(`No chunk's size: ${JSON.stringify(line)}`);
      if (size === 0) break;
      body += await this.exactly(size);
      const end = await this.exactly(2);
      if (end !== "\r\n") throw new Error(`No chunk's end: ${JSON.stringify(end)}`);
    }
    let trailers = "";
    for (let line = await this.through("\r\n"); line !== "\r\n"; line = await this.through("\r\n")) trailers += line;
    return { body, trailers };
  }

  /** Writes text in pieces; waits a turn of the event loop between some, so that they come apart. */
  async write(text: string): Promise<void> {
    const pieces = text.length > 5_000
      ? [text.slice(0, 3), text.slice(3, 4_000), text.slice(4_000)]
      : this.#dice.cut(text);
    for (const piece of pieces) {
      const bytes = Buffer.from(piece, "latin1");
      try {
        for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
      } catch (error) {
        throw new StreamEnded(String(error));
      }
      if (pieces.length < 8 || this.#dice.oneIn(10)) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  close(): void {
    try {
      this.#conn.close();
    } catch {
      // Closed already.
    }
  }

  #take(count: number): string {
    const taken = this.#text.slice(0, count);
    this.#text = this.#text.slice(count);
    return taken;
  }

  async #more(): Promise<void> {
    let count: number | null;
    try {
      count = await this.#conn.read(this.#room);
    } catch (error) {
      throw new StreamEnded(String(error));
    }
    if (count === null) throw new StreamEnded("closed");
    this.#text += Buffer.from(this.#room.buffer, 0, count).toString("latin1");
  }
}
