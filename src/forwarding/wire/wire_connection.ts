import { type SocketOps, socketOps } from "../../dial/socket_ops.ts";
import type { Bytes } from "../../http1/bytes.ts";
import { HeadFinder } from "../../http1/head_finder.ts";
import type { WorkerColumn } from "../../state/worker_column.ts";
import type { TurnBudget } from "./turn_budget.ts";
import type { Lending } from "../../http1/lending.ts";
import type { WireRooms } from "./wire_rooms.ts";

/** Room for the read of a connection that has been idle for a while: each of them holds some. */
const WATCH_BYTES = 1_024;
const NONE: Bytes = new Uint8Array(0);

/** Who a connection's bytes go to: an exchange, its body, or the pool while it is idle. */
export interface ConnectionOwner {
  /** A read brought `count` bytes, into the place that it was begun for. */
  received(count: number): void;
  /** The target ended its side (null), or the connection broke. */
  ended(error: unknown): void;
}

/** What all connections of a thread share. */
export interface ThreadParts {
  readonly column: WorkerColumn;
  readonly rooms: WireRooms;
  readonly turn: TurnBudget;
}

/**
 * One connection to a target, TCP or TLS. Reads are begun one at a time, into `bytes` or a place of the reader's own,
 * and reported by calls rather than promises, which saves a request several turns of the microtask queue.
 */
export class WireConnection {
  /**
   * What was read and not taken stands from `start` to `end`; used again and again, so never handed on. Grows for large
   * heads.
   */
  bytes: Bytes = NONE;
  start = 0;
  end = 0;
  /** Finds the ends of responses' heads. */
  readonly heads = new HeadFinder();
  owner: ConnectionOwner | null = null;
  /** Its owner in the pool. */
  whenIdle: ConnectionOwner | null = null;
  open = true;
  /** All that was given to `write` is with the system. */
  written = true;
  /** A read is under way. */
  reading = false;
  /** What it reads next is likely to come late: that read waits in a small room. */
  patient = false;
  idleSinceMs = 0;
  readonly #conn: Deno.Conn;
  readonly #ops: SocketOps;
  readonly #column: WorkerColumn;
  readonly #rooms: WireRooms;
  readonly #turn: TurnBudget;
  /** Room for the request, until it is written. */
  #request: Bytes | null = null;
  /** What lent `bytes`; null if nothing did. */
  #lender: Lending<Bytes> | null = null;
  #intoOwn = false;
  #given: Bytes | null = null;

  /** @param shared `column` counts it until it is closed. */
  constructor(conn: Deno.Conn, shared: ThreadParts) {
    const { column, rooms, turn } = shared;
    this.#conn = conn;
    this.#ops = socketOps(conn);
    this.#column = column;
    this.#rooms = rooms;
    this.#turn = turn;
    column.connectionsOpen(1);
    // A head and the body behind it would else wait for the target's acknowledgement (Nagle's algorithm).
    try {
      (conn as Partial<Deno.TcpConn>).setNoDelay?.(true);
    } catch {
      // Broken already: its first read says so.
    }
  }

  /** A place for a request's bytes, free again once they are written. */
  get room(): Bytes {
    return this.#request ??= this.#rooms.requests.lend();
  }

  /** Lets go of that place, whose bytes are written. */
  giveBackRoom(): void {
    if (this.#request !== null) this.#rooms.requests.giveBack(this.#request);
    this.#request = null;
  }

  /** Begins a read behind what stands in `bytes`, unless one is under way. */
  fill(): void {
    if (this.reading) return;
    if (this.rewind() === this.end) this.#borrow(this.patient ? this.#rooms.patient : this.#rooms.answers);
    else if (this.end === this.bytes.length) this.#grow();
    this.#read(this.end === 0 ? this.bytes : this.bytes.subarray(this.end), true);
  }

  /** Begins a read that is to bring nothing. */
  watch(): void {
    this.#read(this.bytes = new Uint8Array(WATCH_BYTES), true);
  }

  /**
   * Lets go of what only a connection at work needs. Neither a read nor a write may be under way, and nothing stand in
   * `bytes`.
   */
  rest(): void {
    this.patient = false;
    this.#giveBack();
    this.giveBackRoom();
  }

  /** Lets what comes next stand at the beginning of `bytes`, where nothing stands in it; returns `start`. */
  rewind(): number {
    if (this.start === this.end) this.start = this.end = 0;
    return this.start;
  }

  /**
   * Begins a read into a place of the owner's; none may be under way, and nothing may stand in `bytes`, which is given
   * back.
   */
  readInto(place: Bytes): void {
    this.#giveBack();
    this.#read(place, false);
  }

  /**
   * Writes bytes that stay as they are until `written`. A failure is the reader's to find: an answer may be there
   * before it.
   */
  write(bytes: Bytes): void {
    this.written = false;
    this.#given = bytes;
    this.#turn.spend();
    this.#ops.write(bytes).then(this.#wrote, ignore);
  }

  /** Writes bytes; resolves once the system has all of them. */
  async writeAll(bytes: Bytes): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      this.#turn.spend();
      at += await this.#ops.write(at === 0 ? bytes : bytes.subarray(at));
    }
  }

  /** Ends the sending side: the target's reads find the end. */
  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  /** Closes it at once; reads and writes end without a report. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    this.#column.connectionsOpen(-1);
    this.owner = null;
    this.#given = null;
    try {
      this.#conn.close();
    } catch {
      // Already closed by the platform.
    }
  }

  #read(place: Bytes, own: boolean): void {
    this.reading = true;
    this.#intoOwn = own;
    this.#ops.read(place).then(this.#received, this.#broken);
  }

  readonly #received = (count: number): void => {
    this.reading = false;
    this.#turn.spend();
    if (!this.open) return;
    if (count === 0) return this.owner!.ended(null);
    if (this.#intoOwn) this.end += count;
    this.owner!.received(count);
  };

  readonly #broken = (error: unknown): void => {
    this.reading = false;
    this.#turn.spend();
    if (this.open) this.owner!.ended(error);
  };

  readonly #wrote = (count: number): void => {
    const given = this.#given;
    if (given === null) return;
    if (count < given.length) return this.write(given.subarray(count));
    this.#given = null;
    this.written = true;
    this.giveBackRoom();
  };

  /** Has room in `bytes`, in which nothing stands. */
  #borrow(lender: Lending<Bytes>): void {
    if (this.#lender === lender) return;
    this.#giveBack();
    this.bytes = lender.lend();
    this.#lender = lender;
  }

  #giveBack(): void {
    this.#lender?.giveBack(this.bytes);
    this.#lender = null;
    this.bytes = NONE;
    this.start = this.end = 0;
  }

  /** Makes more room behind what stands in `bytes`, which stays at its place. */
  #grow(): void {
    const { answers, patient } = this.#rooms;
    const [before, lender] = [this.bytes, this.#lender];
    this.#lender = lender === patient ? answers : null;
    this.bytes = lender === patient ? answers.lend() : new Uint8Array(before.length * 2);
    this.bytes.set(before);
    lender?.giveBack(before);
  }
}

function ignore(): void {}
