import type { AcceptedConn } from "../acceptor.ts";
import type { ClientColumn, CloseCause } from "../../state/client_column.ts";
import { type Deadlines, Watch } from "../../time/deadline.ts";
import type { Bytes } from "../../http1/bytes.ts";
import { BadHead } from "../../http1/request_head.ts";
import type { ClientEvents, RequestHandler } from "../front.ts";
import type { OpenConnection } from "../open_connection.ts";
import { headLeft, headTimeout, reasonOf, UNREADABLE } from "./head_refusal.ts";
import { isConnectionError } from "./connection_error.ts";
import { ClientSocket, type OperationCount, type WriteWatcher } from "./client_socket.ts";
import { ConnectionTally } from "./connection_tally.ts";
import { CONTINUE } from "./head_writer.ts";
import { HeadReader } from "./head_reader.ts";
import type { Activity, ClientLimits } from "./limits.ts";
import { linger, LINGER_MS } from "./linger.ts";
import { RequestBody } from "./request_body.ts";
import { type ReplyOwner, ReplyWriter } from "./reply_writer.ts";
import { roomFor } from "./read_rooms.ts";
import type { FrontRooms } from "./rooms.ts";
import { WireRequest } from "./wire_request.ts";

/**
 * Pauses between two interim responses to a client that has ended its side: the first makes the system of one that is
 * gone answer with a reset, the second finds that. They become longer, so that a client that waits gets few.
 */
const FIRST_PROBE_PAUSE_MS = 25;
const LONGEST_PROBE_PAUSE_MS = 10_000;

/** What all connections of a thread share. */
export interface ConnectionParts {
  readonly handler: RequestHandler;
  readonly limits: () => ClientLimits;
  /** Looks at all connections a few times a second. */
  readonly deadlines: Deadlines;
  /** Monotonic ms. */
  readonly nowMs: () => number;
  readonly rooms: FrontRooms;
  readonly operations: OperationCount;
  readonly column: ClientColumn;
  /** Each response is its connection's last one. */
  readonly sendsAway: () => boolean;
  readonly closesWebSockets: () => boolean;
  /** Tells whether an error is a fault of sluice's own, and logs it. */
  broken(error: unknown): void;
  /** Tells whose PROXY header is believed; null if none is expected (LISTENER_PROXY_PROTOCOL). */
  readonly proxies: ((peer: string) => boolean) | null;
  /** The client is known: false if it has too many connections already. */
  admit(connection: OpenConnection): boolean;
  /** Called once when the connection is closed. */
  closed(connection: OpenConnection): void;
}

/** One client's connection: its requests, one after the other, in the order in which they came. */
export class ClientConnection implements OpenConnection, ClientEvents, WriteWatcher, ReplyOwner {
  readonly socket: ClientSocket;
  readonly rooms: FrontRooms;
  readonly closesWebSockets: () => boolean;
  /** Address of the client: of the connection's other end, or as a PROXY header says. */
  peer: string;
  readonly protocol: "http" | "https";
  activity: Activity = "fresh";
  /** Monotonic ms: since when it does what it does. */
  activeSinceMs: number;
  timedOut = false;
  /** It is counted among its client's connections. */
  admitted = false;
  place = -1;
  readonly #tally: ConnectionTally;
  readonly #parts: ConnectionParts;
  #watch: Watch;
  readonly #heads: HeadReader;
  #probeAtMs = 0;
  #probes = 0;
  #probePauseMs = FIRST_PROBE_PAUSE_MS;
  /** Monotonic ms of the deadlines: since when more of a body is waited for; null while none is. */
  #bodySinceMs: number | null = null;
  #writes = false;
  #closed = false;
  /** The response to the request that is open; null between requests. */
  replying: ReplyWriter | null = null;
  #onLeft: (() => void) | null = null;

  constructor(conn: AcceptedConn, protocol: "http" | "https", parts: ConnectionParts) {
    this.#parts = parts;
    this.protocol = protocol;
    this.rooms = parts.rooms;
    this.closesWebSockets = parts.closesWebSockets;
    this.peer = (conn.remoteAddr as Deno.NetAddr).hostname;
    this.socket = new ClientSocket(conn, parts.operations, parts.rooms.reads);
    this.#heads = new HeadReader(this.socket, parts.rooms.lines);
    // The deadlines' own time stands still while nothing is watched.
    const nowMs = parts.nowMs();
    this.activeSinceMs = nowMs;
    this.#watch = parts.deadlines.watch(parts.limits().headMs, nowMs, this.#expired);
    this.#tally = new ConnectionTally(parts.column);
  }

  get onLeft(): (() => void) | null {
    return this.#onLeft;
  }

  set onLeft(call: (() => void) | null) {
    this.#onLeft = call;
    this.socket.onLeft = call;
  }

  get halfClosed(): boolean {
    return this.socket.ended === "closed its side";
  }

  get stillReads(): boolean {
    return this.#probes > 2;
  }

  /** Serves the connection until it ends. Never rejects. */
  async run(): Promise<void> {
    try {
      const { proxies, admit } = this.#parts;
      if (proxies !== null && !await this.#meetProxy(proxies)) return this.#tally.settle("proxy_protocol");
      if (!admit(this)) return this.#tally.settle("max_connections_per_client");
      await this.#serve();
    } catch (error) {
      if (isConnectionError(error)) return;
      if (this.socket.open) this.#parts.broken(error);
      this.#tally.settle("cut");
    } finally {
      this.close();
    }
  }

  /** Closes it at once. @param cause Why, unless another cause was settled before. */
  close(cause: CloseCause | null = null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#tally.closed(cause, this.socket.ended, this.#writes);
    this.#parts.deadlines.close(this.#watch);
    if (this.activity !== "request") this.socket.release();
    this.socket.close(this.activity !== "request");
    this.#parts.closed(this);
  }

  /** The next response is the last one, which tells the client not to send another request. */
  sendAway(): void {
    if (this.replying !== null && !this.replying.begun) this.replying.keepAlive = false;
  }

  probe(nowMs: number): void {
    const reply = this.replying;
    if (reply === null || !this.halfClosed || reply.begun || reply.minor === 0 || nowMs < this.#probeAtMs) return;
    this.#probeAtMs = nowMs + this.#probePauseMs;
    this.#probes++;
    this.#probePauseMs = Math.min(this.#probePauseMs * 2, LONGEST_PROBE_PAUSE_MS);
    this.socket.write(CONTINUE).catch(() => this.#left());
  }

  waiting(begins: boolean): void {
    this.#bodySinceMs = begins ? this.#parts.deadlines.nowMs : null;
    this.#limit();
  }

  send(bytes: Bytes): Promise<void> {
    this.#writes = true;
    this.#limit();
    return this.socket.write(bytes, this);
  }

  taken(): void {
    this.#parts.deadlines.moved(this.#watch);
  }

  wrote(): void {
    this.#writes = false;
    this.#limit();
  }

  /** Takes the client's address from the PROXY header; false if there is none, or it may not be sent. */
  async #meetProxy(isBelieved: (peer: string) => boolean): Promise<boolean> {
    if (!isBelieved(this.peer)) return false;
    const header = await this.#heads.proxyHeader();
    if (header === null) return false;
    this.peer = header.address ?? this.peer;
    return true;
  }

  /**
   * Reads and answers requests until the last one. All in one function: each async function that a request passes
   * through costs 500 bytes of memory and more, but one that runs as long as the connection costs it nothing.
   */
  async #serve(): Promise<void> {
    const { socket, rooms } = this;
    for (;;) {
      this.#heads.restart();
      let head = this.#heads.take(this.#parts.limits().head);
      if (head === null && socket.available > 0) this.#beginHead();
      while (head === null) {
        if (await socket.more() === 0) {
          if (!socket.open || (!this.timedOut && socket.available === 0)) return;
          head = this.timedOut ? headTimeout() : headLeft();
        } else {
          head = this.#heads.take(this.#parts.limits().head);
          if (head === null) this.#beginHead();
        }
      }
      if (head instanceof BadHead) return await this.#refuse(head);
      this.#tally.headRead(this.#heads.headBytes, this.#parts.nowMs);
      this.#become("request");
      socket.nextBytes = roomFor(this.#heads.headBytes, head.bodyLength);
      const body = head.bodyLength === 0 ? null : new RequestBody(this, head.bodyLength);
      const request = new WireRequest(head, this.peer, this.protocol, body);
      const reply = new ReplyWriter(this, request, head.keepAlive && !this.#parts.sendsAway());
      this.replying = reply;
      if (body === null) socket.readAhead();
      try {
        await this.#parts.handler.handle(request, reply, this);
      } finally {
        this.replying = null;
        this.onLeft = null;
      }
      if (!reply.ended || !socket.open) return;
      body?.release();
      reply.release();
      rooms.lines.giveBack(head.lines);
      if (!reply.keepAlive || (body !== null && !body.done)) return await this.#linger();
      if (!this.#rest()) return;
    }
  }

  /** A request was answered, and another may come; false if none will. */
  #rest(): boolean {
    const { socket } = this;
    const { headMs, idleMs } = this.#parts.limits();
    this.#become("idle");
    socket.rest();
    const begun = socket.available > 0;
    this.#restart(begun ? headMs : idleMs);
    return begun || socket.ended === null;
  }

  /** Some of a head is there, and not all. */
  #beginHead(): void {
    if (this.activity === "head") return;
    this.#tally.headBegan(this.#parts.nowMs());
    if (this.activity === "idle") this.#restart(this.#parts.limits().headMs);
    this.#become("head");
  }

  async #refuse(head: BadHead): Promise<void> {
    const reason = reasonOf(head);
    this.#tally.settle(reason === "client_closed" ? "client" : "bad_request");
    const reply = new ReplyWriter(this, UNREADABLE, false);
    this.#become("request");
    await this.#parts.handler.refuse({ peer: this.peer, reason, detail: head.rule, method: "" }, reply);
    reply.release();
    if (this.socket.open) await this.#linger();
  }

  #linger(): Promise<void> {
    this.#become("idle");
    this.#tally.settle("response");
    this.socket.rest();
    this.#restart(LINGER_MS);
    return linger(this.socket);
  }

  #become(activity: Activity): void {
    this.#tally.idle(activity === "idle");
    this.activity = activity;
    this.activeSinceMs = this.#parts.deadlines.nowMs;
    if (activity === "request") this.#restart(0);
  }

  /** What is written counts first; a body that is waited for all the while has had that time too. */
  #limit(): void {
    if (this.#writes) return this.#restart(this.#parts.limits().writeMs);
    const sinceMs = this.#bodySinceMs;
    if (sinceMs === null) return this.#restart(0);
    this.#parts.deadlines.restart(this.#watch, this.#parts.limits().bodyMs, sinceMs);
  }

  #restart(limitMs: number): void {
    this.#parts.deadlines.restart(this.#watch, limitMs);
  }

  readonly #expired = (): void => {
    const { activity, socket } = this;
    this.timedOut = true;
    const awaitsBody = activity === "request" && this.#bodySinceMs !== null && !this.#writes;
    this.#tally.timedOut(activity, awaitsBody ? "body" : this.#writes ? "write" : null);
    if (activity !== "head" && !awaitsBody) return this.close();
    // What is answered now has limits of its own.
    this.#watch = this.#parts.deadlines.watch(0, this.#parts.deadlines.nowMs, this.#expired);
    socket.stopReading();
  };

  #left(): void {
    const call = this.#onLeft;
    this.onLeft = null;
    call?.();
  }
}
