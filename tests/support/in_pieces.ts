import { pause } from "./poll.ts";

/** How long the next piece waits, ms: long enough that the one before was read by itself. */
const BETWEEN_MS = 20;

/** A relay to a port of this machine that sends the first bytes of each connection in pieces, each a packet. */
export class InPieces implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #running: Promise<void>;

  private constructor(listener: Deno.TcpListener, to: number, cuts: readonly number[]) {
    this.#listener = listener;
    this.#running = this.#run(to, cuts);
  }

  /** @param cuts Where the first bytes are cut, ascending. */
  static start(to: number, cuts: readonly number[]): InPieces {
    return new InPieces(Deno.listen({ hostname: "127.0.0.1", port: 0 }), to, cuts);
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#running;
  }

  async #run(to: number, cuts: readonly number[]): Promise<void> {
    const relays: Promise<void>[] = [];
    try {
      for await (const client of this.#listener) relays.push(relay(client, to, cuts));
    } catch {
      // Closed.
    }
    await Promise.all(relays);
  }
}

async function relay(client: Deno.TcpConn, to: number, cuts: readonly number[]): Promise<void> {
  const server = await Deno.connect({ hostname: "127.0.0.1", port: to });
  server.setNoDelay(true);
  const back = server.readable.pipeTo(client.writable).catch(() => {});
  const room = new Uint8Array(16_384);
  const count = await client.read(room) ?? 0;
  const ends = [...cuts.filter((cut) => cut < count), count];
  let start = 0;
  for (const end of ends) {
    if (start > 0) await pause(BETWEEN_MS);
    await server.write(room.subarray(start, end));
    start = end;
  }
  await client.readable.pipeTo(server.writable).catch(() => {});
  await back;
}
