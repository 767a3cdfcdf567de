import { ErrorCode, PREFACE } from "../../http2/frame.ts";
import { LARGEST_WINDOW } from "../../http2/settings.ts";
import type { CloseCause } from "../../state/client_column.ts";
import type { Watch } from "../../time/deadline.ts";
import type { AcceptedConn } from "../acceptor.ts";
import type { OpenConnection } from "../open_connection.ts";
import type { ConnectionParts } from "../wire/client_connection.ts";
import { ClientSocket } from "../wire/client_socket.ts";
import { isConnectionError } from "../wire/connection_error.ts";
import { ConnectionTally } from "../wire/connection_tally.ts";
import type { Activity } from "../wire/limits.ts";
import { linger, LINGER_MS } from "../wire/linger.ts";
import { ClientFrames } from "./client_frames.ts";
import { Http2Error } from "./http2_error.ts";
import { Http2Session, type SessionOwner } from "./http2_session.ts";

/** A frame, and a request, count as much in a turn of the event loop as so many bytes that are only passed on. */
const FRAME_COST = 256;
const REQUEST_COST = 16_384;
/** Rooms for reads: of an idle connection, and of one that brings much. */
const LEAST_ROOM = 1_024;
const LARGEST_ROOM = 65_536;
/** The ping whose answer says that the client has read our goodbye; its first four bytes tell it from others. */
const GOODBYE = new Uint8Array([0x73, 0x6c, 0x75, 0x69, 0x63, 0x65, 0x2d, 0x32]);
const GOODBYE_WORD = 0x736c_7569;
/** How long its answer is waited for. */
const GOODBYE_MS = 1_000;

/** What connections of HTTP/2 share with those of HTTP/1.1, and what is told of them alone. */
export interface Http2Parts extends Omit<ConnectionParts, "proxies" | "closesWebSockets"> {
  /** A client was disconnected: it broke a rule, or cost too much. */
  dismissed(peer: string, rule: string, forCost: boolean): void;
}

/** A client's connection that speaks HTTP/2 (RFC 9113): its life, and its limits. */
export class Http2Connection implements OpenConnection, SessionOwner {
  readonly peer: string;
  activity: Activity = "fresh";
  /** Monotonic ms: since when it does what it does. */
  activeSinceMs: number;
  admitted = false;
  place = -1;
  readonly #parts: Http2Parts;
  readonly #socket: ClientSocket;
  readonly #session: Http2Session;
  readonly #frames: ClientFrames;
  readonly #tally: ConnectionTally;
  readonly #watch: Watch;
  #writes = false;
  /** Some stream waits for the client to open a window. */
  #stuck = false;
  /**
   * `told`: the client should send no more requests, and those on their way are served; `refusing`: it has read that;
   * `parting`: nothing is served any more.
   */
  #leaving: "no" | "told" | "refusing" | "parting" = "no";
  #closed = false;

  constructor(conn: AcceptedConn, parts: Http2Parts) {
    this.#parts = parts;
    const { rooms, operations, deadlines, column } = parts;
    this.peer = (conn.remoteAddr as Deno.NetAddr).hostname;
    this.#socket = new ClientSocket(conn, operations, rooms.reads);
    this.#session = new Http2Session(this, this.#socket, parts);
    this.#frames = new ClientFrames(this.#socket, this.#session);
    const nowMs = parts.nowMs();
    this.activeSinceMs = nowMs;
    this.#watch = deadlines.watch(parts.limits().headMs, nowMs, this.#expired);
    this.#tally = new ConnectionTally(column);
  }

  get saidGoodbye(): boolean {
    return this.#leaving !== "no";
  }

  get refuses(): boolean {
    return this.#leaving === "refusing" || this.#leaving === "parting";
  }

  /** Serves the connection until it ends. Never rejects. */
  async run(): Promise<void> {
    try {
      if (!this.#parts.admit(this)) return this.close("max_connections_per_client");
      await this.#serve();
    } catch (error) {
      if (error instanceof Http2Error) await this.#dismiss(error);
      else if (!isConnectionError(error) && this.#socket.open) {
        this.#parts.broken(error);
        this.#tally.settle("cut");
      }
    } finally {
      // Another part of this waits for the client to read its goodbye.
      if (this.#leaving !== "parting") this.close(null);
    }
  }

  /** Closes it at once, and its requests with it. @param cause Why, unless another cause was settled before. */
  close(cause: CloseCause | null): void {
    if (this.#closed) return;
    this.#closed = true;
    // Nothing is missing that the client waits for.
    const inOrder = this.#session.streams.size === 0;
    this.#tally.closed(cause, this.#socket.ended, this.#writes);
    this.#parts.deadlines.close(this.#watch);
    this.#session.writer.close();
    this.#session.end();
    this.#socket.release();
    this.#socket.close(inOrder);
    this.#parts.closed(this);
  }

  /**
   * Has the client send its next requests elsewhere. A connection without a request yet may have one on its way, and is
   * told with its first response.
   */
  sendAway(): void {
    if (this.activity === "fresh" || this.#leaving !== "no" || this.#closed) return;
    this.#leaving = "told";
    this.#tally.settle("shutdown");
    // What the client sends before it has read this is still served (RFC 9113 section 6.8).
    this.#session.writer.goAway(LARGEST_WINDOW, ErrorCode.NO_ERROR);
    this.#session.writer.ping(GOODBYE);
    this.#become("request");
  }

  headCame(bytes: number): void {
    this.#tally.headRead(bytes, this.#parts.nowMs);
  }

  busy(is: boolean): void {
    if (is || this.#closed) return this.#become("request");
    if (this.#leaving === "refusing") return void this.#part();
    if (this.#leaving === "no") this.#become("idle");
    else this.#limit();
    if (this.#parts.sendsAway()) this.sendAway();
  }

  stuck(is: boolean): void {
    this.#stuck = is;
    this.#limit();
  }

  acknowledged(ping: number): void {
    if (ping !== GOODBYE_WORD || this.#leaving !== "told") return;
    this.#leaving = "refusing";
    const { writer, streams } = this.#session;
    writer.goAway(streams.lastId, ErrorCode.NO_ERROR);
    if (streams.size === 0) void this.#part();
  }

  writes(): void {
    this.#writes = true;
    this.#limit();
  }

  taken(): void {
    this.#parts.deadlines.moved(this.#watch);
  }

  wrote(): void {
    this.#writes = false;
    this.#limit();
  }

  failed(): void {
    this.close("client");
  }

  async #serve(): Promise<void> {
    const { writer, turns } = this.#session;
    const { reader } = this.#frames;
    this.#session.greet();
    while (!this.#takePreface()) if (await this.#more(PREFACE.length) === 0) return;
    for (;;) {
      let cost = 0;
      while (reader.next()) {
        cost += FRAME_COST + reader.length;
        this.#frames.take();
        while (!writer.takesAnswers && !this.#closed) await writer.written();
        if (this.#closed || this.#leaving === "parting") return;
      }
      cost += this.#session.arrived * REQUEST_COST;
      this.#session.begin();
      const turn = turns.spend(cost);
      if (turn !== null) await turn;
      if (this.#closed || await this.#more(reader.needed) === 0) return;
    }
  }

  /** Reads more, into room for so many bytes at least; resolves with how many came, 0 if none will. */
  #more(needed: number): Promise<number> {
    const socket = this.#socket;
    const { length } = socket.bytes;
    const filled = socket.end === length;
    socket.rewind();
    const isIdle = this.#session.streams.size === 0 && socket.available === 0;
    if (needed > length || (filled && length < LARGEST_ROOM)) this.#move(Math.max(needed, length * 2));
    else if (isIdle && length > LEAST_ROOM) this.#move(LEAST_ROOM);
    return socket.more();
  }

  #move(bytes: number): void {
    const socket = this.#socket;
    const before = socket.bytes;
    const { reads } = this.#parts.rooms;
    socket.moveTo(reads.lend(bytes - 1));
    reads.giveBack(before);
  }

  /** Takes the preface; false if it is not whole. */
  #takePreface(): boolean {
    const { bytes, start, available } = this.#socket;
    for (let i = 0; i < PREFACE.length && i < available; i++) {
      if (bytes[start + i] !== PREFACE[i]) throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "sent no preface of HTTP/2");
    }
    if (available < PREFACE.length) return false;
    this.#socket.start += PREFACE.length;
    return true;
  }

  /** The client breaks a rule, or costs too much: says so, and closes the connection when it has read that. */
  async #dismiss({ code, rule }: Http2Error): Promise<void> {
    const forCost = code === ErrorCode.ENHANCE_YOUR_CALM;
    this.#tally.settle(forCost ? "flood" : "bad_request");
    this.#parts.dismissed(this.peer, rule, forCost);
    const { writer, streams } = this.#session;
    writer.goAway(streams.lastId, code);
    await this.#part();
  }

  /** Sends what waits, ends our side, and drops what still comes for a while: a close now could take it all away. */
  async #part(): Promise<void> {
    this.#leaving = "parting";
    const { writer } = this.#session;
    this.#session.end();
    this.#become("request");
    this.#parts.deadlines.restart(this.#watch, LINGER_MS);
    while (writer.busy) await writer.written();
    writer.close();
    if (this.#socket.open) await linger(this.#socket);
    this.close(null);
  }

  #become(activity: Activity): void {
    if (this.#closed) return;
    this.#tally.idle(activity === "idle");
    this.activity = activity;
    this.activeSinceMs = this.#parts.deadlines.nowMs;
    this.#limit();
  }

  #limit(): void {
    if (this.#closed || this.#leaving === "parting") return;
    const { idleMs, headMs, writeMs } = this.#parts.limits();
    if (this.#writes || this.#stuck) return this.#restart(writeMs);
    const waits = this.activity === "idle" || this.activity === "fresh";
    if (!waits) return this.#restart(this.#leaving === "told" && this.#session.streams.size === 0 ? GOODBYE_MS : 0);
    this.#restart(this.activity === "idle" ? idleMs : headMs);
    // What is written meanwhile, such as answers to pings, gives no more time.
    this.#watch.movedAtMs = this.activeSinceMs;
  }

  #restart(limitMs: number): void {
    this.#parts.deadlines.restart(this.#watch, limitMs);
  }

  readonly #expired = (): void => {
    const { activity } = this;
    const waits = this.#writes || this.#stuck;
    this.close(waits ? "write_timeout" : activity === "fresh" ? "head_timeout" : "idle_timeout");
  };
}
