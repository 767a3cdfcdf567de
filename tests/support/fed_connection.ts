import { Buffer } from "node:buffer";
import type { RequestHandler } from "../../src/front/front.ts";
import { ClientConnection, type ConnectionParts } from "../../src/front/wire/client_connection.ts";
import { FrontRooms } from "../../src/front/wire/rooms.ts";
import { TargetTable } from "../../src/state/target_table.ts";
import { Deadlines } from "../../src/time/deadline.ts";
import { ManualClock } from "./manual_clock.ts";

const LIMITS = {
  handshakeMs: 0,
  headMs: 1000,
  idleMs: 1000,
  bodyMs: 1000,
  writeMs: 1000,
  head: { bytes: 65_536, lines: 128, lineBytes: 32_768 },
  connections: 0,
  perClient: 0,
};

/** Client connections of sluice's own engine without sockets: what a client sends is at hand, piece by piece. */
export class FedConnections {
  /** Errors that were none of the client's. */
  readonly faults: unknown[] = [];
  /** Connections that are not closed. */
  open = 0;
  /** What was counted of all connections. */
  readonly table = TargetTable.create(1);
  readonly #parts: ConnectionParts;

  constructor(handler: RequestHandler) {
    const clock = new ManualClock();
    this.#parts = {
      handler,
      limits: () => LIMITS,
      deadlines: new Deadlines(clock),
      nowMs: () => clock.monotonicMs(),
      rooms: new FrontRooms(),
      operations: { spend() {} },
      column: this.table.column(0).clients,
      sendsAway: () => false,
      closesWebSockets: () => false,
      broken: (error) => this.faults.push(error),
      proxies: null,
      admit: () => true,
      closed: () => this.open--,
    };
  }

  /**
   * Serves a client that sends these pieces and then ends its side; resolves with all that it was sent, when its
   * connection is closed.
   */
  async serve(pieces: readonly string[]): Promise<string> {
    const conn = new FedConn(pieces);
    this.open++;
    await new ClientConnection(conn as unknown as Deno.TcpConn, "http", this.#parts).run();
    return conn.written;
  }
}

/** The client's end: each read gives one piece, or as much of it as there is room for. */
class FedConn {
  readonly remoteAddr = { transport: "tcp", hostname: "192.0.2.1", port: 1 };
  written = "";
  readonly #pieces: string[];
  #open = true;

  constructor(pieces: readonly string[]) {
    this.#pieces = [...pieces];
  }

  // deno-lint-ignore require-await
  async read(place: Uint8Array): Promise<number | null> {
    if (!this.#open) throw new Deno.errors.BadResource("Closed");
    const piece = this.#pieces.shift();
    if (piece === undefined) return null;
    const count = Math.min(piece.length, place.length);
    for (let i = 0; i < count; i++) place[i] = piece.charCodeAt(i);
    if (count < piece.length) this.#pieces.unshift(piece.slice(count));
    return count;
  }

  // deno-lint-ignore require-await
  async write(bytes: Uint8Array): Promise<number> {
    if (!this.#open) throw new Deno.errors.BadResource("Closed");
    this.written += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
    return bytes.length;
  }

  async closeWrite(): Promise<void> {}

  close(): void {
    this.#open = false;
  }
}
