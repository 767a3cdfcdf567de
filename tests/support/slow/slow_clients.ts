import { pause } from "../poll.ts";

const encoder = new TextEncoder();

/** What slow clients are opened with. */
export interface SlowOptions {
  readonly count: number;
  /** Each sends it at once. */
  readonly text: string;
  /** They read, and note how they are ended. */
  readonly reads: boolean;
}

/** Many clients that are slow in one way, in the way that costs this side least. */
export class SlowClients {
  readonly #conns: Deno.TcpConn[] = [];
  readonly #endings = new Map<string, number>();
  readonly #reading: Promise<void>[] = [];

  /** Opens so many, 50 at once. */
  async open(port: number, { count, text, reads }: SlowOptions): Promise<void> {
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

  /** Sends a byte on each, `times` times, once in so many ms; they are spread over that time. */
  async trickle(times: number, everyMs: number): Promise<void> {
    const byte = encoder.encode("x");
    const steps = 20;
    for (let i = 0; i < times * steps; i++) {
      await pause(everyMs / steps);
      for (let at = i % steps; at < this.#conns.length; at += steps) this.#conns[at]!.write(byte).catch(() => {});
    }
  }

  /** Waits until all that read were ended by the other side; returns how often in which way. */
  async ended(): Promise<Record<string, number>> {
    await Promise.all(this.#reading);
    return this.endings();
  }

  /** What each was sent before its connection ended, by status and reason; `reset` and `nothing` too. */
  endings(): Record<string, number> {
    return Object.fromEntries(this.#endings);
  }

  /** Closes all. */
  close(): void {
    for (const conn of this.#conns.splice(0)) {
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
    this.#endings.set(ending, (this.#endings.get(ending) ?? 0) + 1);
  }
}

if (import.meta.main) {
  const { serveCalls } = await import("./remote.ts");
  await serveCalls(new SlowClients());
}
