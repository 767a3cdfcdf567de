import { type CancelTimer, type Clock } from "../../time/clock.ts";
import { hostPort, type TargetSnapshot } from "../../state/group_snapshot.ts";
import type { WorkerColumn } from "../../state/worker_column.ts";
import type { TargetTls } from "../../certificates/target_tls.ts";
import { connectTcp } from "../../dial/connect_tcp.ts";
import { connectWithTls, TargetHandshakes } from "../../dial/tls_connection.ts";
import { type ConnectionOwner, WireConnection } from "./wire_connection.ts";
import { TurnBudget } from "./turn_budget.ts";
import { WireRooms } from "./wire_rooms.ts";

/** Idle connections kept per target, and for how long: below the 60 s after which many servers close theirs. */
const MAX_IDLE_PER_TARGET = 256;
const IDLE_MS = 50_000;
/**
 * How long ago "a moment ago" may be: well below the keep-alive timeouts that servers are given, which count in
 * seconds.
 */
const RECENT_MS = 500;
/** How often idle connections are looked at. */
const SWEEP_MS = 5_000;
/** Idle for this long, a connection is watched: it may not be asked for soon. */
const WATCH_MS = 250;

/** Idle connections to all targets of one thread. */
export class WirePool {
  readonly clock: Clock;
  /** Counts connections where they are made, closed, taken and given back. */
  readonly column: WorkerColumn;
  readonly rooms: WireRooms;
  readonly turn = new TurnBudget();
  readonly #targets = new Map<string, TargetPool>();
  readonly #ofSnapshot = new WeakMap<TargetSnapshot, TargetPool>();
  /** Those that hold any: found here also once their target has left. */
  readonly #holding = new Set<TargetPool>();
  readonly #cancelSweep: CancelTimer;
  #cancelWatch: CancelTimer | null = null;
  closed = false;

  /** @param largeBytes Room for one large read of a body; 64 KiB by default. */
  constructor(clock: Clock, column: WorkerColumn, largeBytes?: number) {
    this.rooms = new WireRooms(largeBytes);
    this.clock = clock;
    this.column = column;
    this.#cancelSweep = clock.every(SWEEP_MS, () => this.#sweep());
  }

  /** The pool of one target: targets of several groups at one address share it. */
  of(target: TargetSnapshot): TargetPool {
    let pool = this.#ofSnapshot.get(target);
    if (pool !== undefined) return pool;
    // The same address is another target if another name or certificate is wanted of it.
    const key = `${hostPort(target.address, target.port)} ${target.tls?.id ?? ""}`;
    pool = this.#targets.get(key);
    if (pool === undefined) this.#targets.set(key, pool = new TargetPool(this, target));
    this.#ofSnapshot.set(target, pool);
    return pool;
  }

  /** Idle connections now. */
  get idle(): number {
    let count = 0;
    for (const pool of this.#holding) count += pool.idle;
    return count;
  }

  /** Closes all that are idle, and from now on each that comes back. */
  close(): void {
    this.closed = true;
    this.#cancelSweep();
    this.#cancelWatch?.();
    for (const pool of this.#holding) pool.closeIdle(Infinity);
    this.#holding.clear();
    this.#targets.clear();
  }

  /** A target's pool holds its first idle connection. */
  holds(pool: TargetPool): void {
    this.#holding.add(pool);
  }

  /** Schedules a look at idle connections that have no waiting read. */
  watchSoon(): void {
    this.#cancelWatch ??= this.clock.after(WATCH_MS, () => this.#watch());
  }

  #watch(): void {
    this.#cancelWatch = null;
    const before = this.clock.monotonicMs() - WATCH_MS;
    let unwatched = 0;
    for (const pool of this.#holding) unwatched += pool.watchIdle(before);
    if (unwatched > 0) this.watchSoon();
  }

  #sweep(): void {
    this.rooms.trim();
    const before = this.clock.monotonicMs() - IDLE_MS;
    for (const pool of this.#holding) {
      pool.closeIdle(before);
      if (pool.idle === 0) this.#holding.delete(pool);
    }
    // A target that left leaves no name behind; one that is still there makes its pool anew when its snapshot changes.
    for (const [key, pool] of this.#targets) if (pool.idle === 0 && !pool.isStuck) this.#targets.delete(key);
  }
}

/** Connections to one target. */
export class TargetPool {
  readonly #pool: WirePool;
  readonly #address: string;
  readonly #port: number;
  readonly #tls: TargetTls | null;
  readonly #handshakes = new TargetHandshakes();
  readonly #idle: WireConnection[] = [];

  constructor(pool: WirePool, target: TargetSnapshot) {
    this.#pool = pool;
    this.#address = target.address;
    this.#port = target.port;
    this.#tls = target.tls;
  }

  get idle(): number {
    return this.#idle.length;
  }

  /** TLS handshakes with it hang, which are to be counted as long as they do. */
  get isStuck(): boolean {
    return this.#handshakes.stuck > 0;
  }

  /**
   * Takes the connection that was used last: those that are needed no more grow old and are closed. Null where none is
   * idle.
   */
  take(): WireConnection | null {
    const connection = this.#idle.pop();
    if (connection === undefined) return null;
    this.#pool.column.connectionsIdle(-1);
    return connection;
  }

  /** What the thread's event loop has done in this turn. */
  get turn(): TurnBudget {
    return this.#pool.turn;
  }

  /** The time by which connecting is measured, monotonic ms. */
  nowMs(): number {
    return this.#pool.clock.monotonicMs();
  }

  /** Counts a connection that was made for the target in a slot, and how long that took. */
  connected(slot: number, micros: number): void {
    this.#pool.column.connected(slot, micros);
  }

  /**
   * Takes the connection that was used last where that was a moment ago. Where it was longer ago a new one will come in
   * its place, so the one that waited longest is closed: else each such request would leave one more behind.
   */
  takeRecent(): WireConnection | null {
    const last = this.#idle.at(-1);
    if (last === undefined) return null;
    if (this.#pool.clock.monotonicMs() - last.idleSinceMs <= RECENT_MS) return this.take();
    this.drop(this.#idle[0]!);
    return null;
  }

  /** Makes a new connection, with its TLS handshake. Rejects as the platform does. */
  async connect(signal: AbortSignal): Promise<WireConnection> {
    const [address, port, tls] = [this.#address, this.#port, this.#tls];
    const { clock } = this.#pool;
    const conn = tls === null
      ? await connectTcp({ hostname: address, port }, { clock, signal })
      : await connectWithTls({ address, port, tls }, { clock, signal, handshakes: this.#handshakes });
    const connection = new WireConnection(conn, this.#pool);
    connection.whenIdle = new IdleOwner(this, connection);
    return connection;
  }

  /**
   * Takes back a connection whose message has ended and that both sides let be used again. Nobody reads from it at
   * first: a read that waits holds some 1.5 KB of objects, which would outlive the young generation where a thousand
   * targets take turns, and cost a sixth of a request to collect. Whoever takes it next reads before sending; what is
   * idle for longer is watched.
   */
  giveBack(connection: WireConnection): void {
    if (this.#pool.closed) return connection.close();
    connection.rest();
    connection.owner = connection.whenIdle;
    connection.idleSinceMs = this.#pool.clock.monotonicMs();
    // The one that waited longest makes room: it is the least likely to be of use, or still open.
    if (this.#idle.length >= MAX_IDLE_PER_TARGET) this.#idle.shift()!.close();
    else this.#pool.column.connectionsIdle(1);
    if (this.#idle.push(connection) === 1) this.#pool.holds(this);
    this.#pool.watchSoon();
  }

  /** Starts reads on connections idle since before `beforeMs`; returns how many still have no waiting read. */
  watchIdle(beforeMs: number): number {
    let unwatched = 0;
    for (const connection of this.#idle) {
      if (connection.reading) continue;
      if (connection.idleSinceMs <= beforeMs) connection.watch();
      else unwatched++;
    }
    return unwatched;
  }

  /** Closes what has been idle since before `beforeMs`. */
  closeIdle(beforeMs: number): void {
    let count = 0;
    while (count < this.#idle.length && this.#idle[count]!.idleSinceMs < beforeMs) this.#idle[count++]!.close();
    if (count === 0) return;
    this.#idle.splice(0, count);
    this.#pool.column.connectionsIdle(-count);
  }

  /** Closes an idle connection: its target closed it, or spoke without being asked. */
  drop(connection: WireConnection): void {
    connection.close();
    const at = this.#idle.indexOf(connection);
    if (at < 0) return;
    this.#idle.splice(at, 1);
    this.#pool.column.connectionsIdle(-1);
  }
}

/** Owns a connection while it is idle: whatever comes then ends it. */
class IdleOwner implements ConnectionOwner {
  readonly #pool: TargetPool;
  readonly #connection: WireConnection;

  constructor(pool: TargetPool, connection: WireConnection) {
    this.#pool = pool;
    this.#connection = connection;
  }

  received(): void {
    this.#pool.drop(this.#connection);
  }

  ended(): void {
    this.#pool.drop(this.#connection);
  }
}
