import { pause } from "./poll.ts";

const encoder = new TextEncoder();

/** Many clients that are slow in one way, in the way that costs this side least. */
export class SlowClients {
  readonly #conns: Deno.TcpConn[] = [];
  /** What each was sent before its connection ended, by the first line; `reset` and `nothing` too. */
  readonly endings = new Map<string, number>();
  readonly #reading: Promise<void>[] = [];

  /** Opens so many, a few at once; each sends `text`. Those that `reads` note how they are ended. */
  async open(port: number, { count, text, reads }: {
    readonly count: number;
    readonly text: string;
    readonly reads: boolean;
  }): Promise<void> {
    const bytes = encoder.encode(text);
    let left = count;
    await Promise.all(Array.from({ length: 50 }, async () => {
      while (left-- > 0) {
        const conn = await Deno.connect({ hostname: "127.0.0.1", port });
        this.#conns.push(conn);
        if (bytes.length > 0) await conn.write(bytes).catch(() => {});
        if (reads) this.#reading.push(this.#readToEnd(conn));
      }
    }));
  }

  /** Sends a byte on each, `times` times, once in so many ms. */
  async trickle(times: number, everyMs: number): Promise<void> {
    const byte = encoder.encode("x");
    for (let i = 0; i < times; i++) {
      await pause(everyMs);
      for (const conn of this.#conns) conn.write(byte).catch(() => {});
    }
  }

  /** Waits until all that read were ended by the other side. */
  async ended(): Promise<void> {
    await Promise.all(this.#reading);
  }

  close(): void {
    for (const conn of this.#conns) {
      try {
        conn.close();
      } catch {
        // Closed already.
      }
    }
  }

  async #readToEnd(conn: Deno.TcpConn): Promise<void> {
    const room = new Uint8Array(1024);
    let text = "";
    let how = "";
    try {
      for (let count = await conn.read(room); count !== null; count = await conn.read(room)) {
        text += new TextDecoder().decode(room.subarray(0, count));
      }
    } catch {
      how = "reset";
    }
    const status = /^HTTP\/1\.1 (\d+)/.exec(text)?.[1];
    const reason = /\r\nX-Sluice-Reason: ([a-z_]+)/i.exec(text)?.[1];
    const ending = how || (status === undefined ? "nothing" : `${status} ${reason}`);
    this.endings.set(ending, (this.endings.get(ending) ?? 0) + 1);
  }
}
