import assert from "node:assert/strict";

const CONNECTIONS = 16;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const REQUEST = encoder.encode("GET /beside HTTP/1.1\r\nHost: a\r\n\r\n");

/** How the requests of a window went. */
export interface Window {
  readonly perSecond: number;
  /** How long each took. */
  readonly timesMs: readonly number[];
}

/** Clients that are not slow: requests one after the other, on kept connections to each of several ports. */
export class OtherClients {
  readonly #conns = new Map<number, Promise<Deno.TcpConn[]>>();

  /** Sends requests for so many ms; each must be served. */
  async window(port: number, ms: number): Promise<Window> {
    const conns = await this.#connect(port);
    const timesMs: number[] = [];
    const since = performance.now();
    await Promise.all(conns.map(async (conn) => {
      const room = new Uint8Array(4096);
      for (let at = performance.now(); at - since < ms;) {
        await conn.write(REQUEST);
        let text = "";
        while (!text.endsWith("\r\n\r\nok")) {
          const count = await conn.read(room);
          assert.ok(count !== null, `a connection of the others was closed behind ${JSON.stringify(text)}`);
          text += decoder.decode(room.subarray(0, count));
        }
        assert.match(text, /^HTTP\/1.1 200 /);
        const now = performance.now();
        timesMs.push(Math.round((now - at) * 100) / 100);
        at = now;
      }
    }));
    return { perSecond: timesMs.length / (performance.now() - since) * 1000, timesMs };
  }

  #connect(port: number): Promise<Deno.TcpConn[]> {
    let conns = this.#conns.get(port);
    if (conns === undefined) {
      const connect = () => Deno.connect({ hostname: "127.0.0.1", port });
      this.#conns.set(port, conns = Promise.all(Array.from({ length: CONNECTIONS }, connect)));
    }
    return conns;
  }
}

if (import.meta.main) {
  const { serveCalls } = await import("./remote.ts");
  await serveCalls(new OtherClients());
}
