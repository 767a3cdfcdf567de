/** A backlog that small is full after two connections. */
const BACKLOG = 1;
/** A loopback connection that is not made within this time is one that the system drops. */
const DROPPED_MS = 250;

/**
 * An address that answers nothing at all, as a machine that lost power: its listener's backlog is full, so the system
 * drops every SYN.
 */
export class BlackHole implements Disposable {
  readonly address: string;
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #held: Deno.TcpConn[];

  private constructor(listener: Deno.TcpListener, held: Deno.TcpConn[]) {
    this.#listener = listener;
    this.#held = held;
    this.port = listener.addr.port;
    this.address = `127.0.0.1:${this.port}`;
  }

  /** Opens a listener that accepts nothing, and connections to it until no more can be made. */
  static async open(): Promise<BlackHole> {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: BACKLOG });
    const held: Deno.TcpConn[] = [];
    for (;;) {
      const connection = await connectSoon(listener.addr.port);
      if (connection === null) return new BlackHole(listener, held);
      held.push(connection);
    }
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const connection of this.#held) connection.close();
  }
}

/** Null if the connection is not made soon. */
async function connectSoon(port: number): Promise<Deno.TcpConn | null> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), DROPPED_MS);
  try {
    return await Deno.connect({ hostname: "127.0.0.1", port, signal: controller.signal });
  } catch (error) {
    if (controller.signal.aborted) return null;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
