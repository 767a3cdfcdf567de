import { type DeadlineWheel, Watch } from "../../time/deadline.ts";
import type { ByteLines } from "../../http1/field_lines.ts";
import { BadHead, type RequestHead } from "../../http1/request_head.ts";
import type { ClientEvents, RequestHandler } from "../front.ts";
import { headTimeout, reasonOf } from "./head_refusal.ts";
import { isConnectionError } from "./connection_error.ts";
import { ClientSocket, type OperationCount } from "./client_socket.ts";
import { HeadReader } from "./head_reader.ts";
import type { ClientLimits } from "./limits.ts";
import { linger, LINGER_MS } from "./linger.ts";
import { RequestBody } from "./request_body.ts";
import { ReplyWriter } from "./reply_writer.ts";
import type { FrontRooms } from "./rooms.ts";
import { WireRequest } from "./wire_request.ts";

const encoder = new TextEncoder();
const CONTINUE = encoder.encode("HTTP/1.1 100 Continue\r\n\r\n");

/**
 * Pauses between two interim responses to a client that has ended its side: the first makes the system of one that is gone answer
 * with a reset, the second finds that. They become longer, so that a client that waits gets few.
 */
const FIRST_PROBE_PAUSE_MS = 25;
const LONGEST_PROBE_PAUSE_MS = 10_000;

/** What all connections of a thread share. */
export interface ConnectionParts {
  readonly handler: RequestHandler;
  readonly limits: () => ClientLimits;
  /** Looks at all connections a few times a second. */
  readonly wheel: DeadlineWheel;
  /** Monotonic ms. */
  nowMs(): number;
  readonly rooms: FrontRooms;
  readonly operations: OperationCount;
  /** Each response is its connection's last one. */
  readonly sendsAway: () => boolean;
  /** Tells whether an error is a fault of sluice's own, and logs it. */
  broken(error: unknown): void;
  /** Tells whose PROXY header is believed; null if none is expected (LISTENER_PROXY_PROTOCOL). */
  readonly proxies: ((peer: string) => boolean) | null;
  /** The client is known: false if it has too many connections already. */
  admit(connection: ClientConnection): boolean;
  /** Called once when the connection is closed. */
  closed(connection: ClientConnection): void;
}

/** What a connection is doing: decides which limit holds, and which connections go first when there are too many. */
export type Activity = "fresh" | "head" | "request" | "idle";

/** One client's connection: its requests, one after the other, in the order in which they came. */
export class ClientConnection implements ClientEvents {
  readonly socket: ClientSocket;
  readonly rooms: FrontRooms;
  /** Address of the client: of the connection's other end, or as a PROXY header says. */
  peer: string;
  readonly sinceMs: number;
  readonly protocol: "http" | "https";
  activity: Activity = "fresh";
  /** Monotonic ms: since when it does what it does. */
  activeSinceMs: number;
  timedOut = false;
  /** It is counted among its client's connections. */
  admitted = false;
  /** Requests that were read. */
  requests = 0;
  readonly #parts: ConnectionParts;
  #watch: Watch;
  readonly #heads: HeadReader;
  #probeAtMs = 0;
  #probes = 0;
  #probePauseMs = FIRST_PROBE_PAUSE_MS;
  /** Wheel's ms: since when more of a body is waited for; null while none is. */
  #bodySinceMs: number | null = null;
  #writes = false;
  #closed = false;
  #replying: ReplyWriter | null = null;
  #onLeft: (() => void) | null = null;

  constructor(conn: Deno.Conn, protocol: "http" | "https", parts: ConnectionParts) {
    this.#parts = parts;
    this.protocol = protocol;
    this.rooms = parts.rooms;
    this.peer = (conn.remoteAddr as Deno.NetAddr).hostname;
    this.socket = new ClientSocket(conn, parts.operations);
    this.#heads = new HeadReader(this.socket);
    // The wheel's own time stands still while nothing is watched.
    const nowMs = parts.nowMs();
    this.sinceMs = this.activeSinceMs = nowMs;
    this.#watch = parts.wheel.watch(parts.limits().headMs, nowMs, this.#expired);
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
      if (proxies !== null && !await this.#meetProxy(proxies)) return;
      if (!admit(this)) return;
      while (await this.#next());
    } catch (error) {
      if (this.socket.open && !isConnectionError(error)) this.#parts.broken(error);
    } finally {
      this.close();
    }
  }

  /** Closes it at once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#parts.wheel.close(this.#watch);
    this.socket.close();
    this.#parts.closed(this);
  }

  /** The next response is the last one, which tells the client not to send another request. */
  sendAway(): void {
    if (this.#replying !== null && !this.#replying.begun) this.#replying.keepAlive = false;
  }

  probe(nowMs: number): void {
    const reply = this.#replying;
    if (reply === null || reply.begun || reply.minor === 0 || nowMs < this.#probeAtMs) return;
    this.#probeAtMs = nowMs + this.#probePauseMs;
    this.#probes++;
    this.#probePauseMs = Math.min(this.#probePauseMs * 2, LONGEST_PROBE_PAUSE_MS);
    this.socket.write(CONTINUE).catch(() => this.#left());
  }

  waiting(begins: boolean): void {
    this.#bodySinceMs = begins ? this.#parts.wheel.nowMs : null;
    this.#limit();
  }

  writing(begins: boolean): void {
    this.#writes = begins;
    this.#limit();
  }

  /** The client took some of what is written to it. */
  readonly taken = (): void => this.#parts.wheel.moved(this.#watch);

  /** Takes the client's address from the header that a proxy puts before the first request; false if nobody may, or none came. */
  async #meetProxy(isBelieved: (peer: string) => boolean): Promise<boolean> {
    if (!isBelieved(this.peer)) return false;
    const header = await this.#heads.proxyHeader();
    if (header === null) return false;
    this.peer = header.address ?? this.peer;
    return true;
  }

  /** Reads a request and answers it; false if it was the last. */
  async #next(): Promise<boolean> {
    const { socket, rooms } = this;
    const lines = rooms.lines.lend();
    const head = await this.#readHead(lines);
    if (head === null) {
      rooms.lines.giveBack(lines);
      return false;
    }
    if (head instanceof BadHead) {
      rooms.lines.giveBack(lines);
      await this.#refuse(head);
      return false;
    }
    this.requests++;
    this.#become("request");
    const again = await this.#serve(head);
    rooms.lines.giveBack(lines);
    if (!again || !socket.open) return false;
    this.#become("idle");
    if (socket.available === 0) {
      socket.rewind();
      socket.shrink();
    }
    return socket.ended === null || socket.available > 0;
  }

  async #serve(head: RequestHead): Promise<boolean> {
    const { socket } = this;
    const body = head.bodyLength === 0 ? null : new RequestBody(this, head.bodyLength);
    const request = new WireRequest(head, this.peer, this.protocol, body);
    const reply = this.#replying = new ReplyWriter(this, {
      method: head.method,
      minor: head.minor,
      keepAlive: head.keepAlive && !this.#parts.sendsAway(),
      takesTrailers: request.takesTrailers,
      bodyIsRead: () => body === null || body.done || body.skip(),
    });
    if (body === null) socket.readAhead();
    try {
      await this.#parts.handler.handle(request, reply, this);
    } finally {
      this.#replying = null;
      this.onLeft = null;
      if (reply.ended) body?.release();
    }
    if (!reply.ended || !socket.open) return false;
    if (reply.keepAlive && (body === null || body.done)) return true;
    await this.#linger();
    return false;
  }

  /** Reads a head; null if none came whole. */
  async #readHead(lines: ByteLines): Promise<RequestHead | BadHead | null> {
    const { socket } = this;
    const limits = this.#parts.limits();
    if (this.activity !== "fresh") this.#restart(socket.available > 0 ? limits.headMs : limits.idleMs);
    const head = await this.#heads.request(lines, limits.head, () => {
      if (this.activity === "head") return;
      if (this.activity === "idle") this.#restart(limits.headMs);
      this.#become("head");
    });
    return head === null && this.timedOut && socket.open ? headTimeout() : head;
  }

  async #refuse(head: BadHead): Promise<void> {
    const reply = new ReplyWriter(this, {
      method: "",
      minor: 1,
      keepAlive: false,
      takesTrailers: false,
      bodyIsRead: () => true,
    });
    this.#become("request");
    await this.#parts.handler.refuse({
      peer: this.peer,
      reason: reasonOf(head),
      detail: head.rule,
      method: "",
    }, reply);
    if (this.socket.open) await this.#linger();
  }

  #linger(): Promise<void> {
    this.#become("idle");
    this.#restart(LINGER_MS);
    return linger(this.socket);
  }

  #become(activity: Activity): void {
    this.activity = activity;
    this.activeSinceMs = this.#parts.wheel.nowMs;
    if (activity === "request") this.#restart(0);
  }

  /** What is written counts first; a body that is waited for all the while has had that time too. */
  #limit(): void {
    if (this.#writes) return this.#restart(this.#parts.limits().writeMs);
    const sinceMs = this.#bodySinceMs;
    this.#restart(sinceMs === null ? 0 : this.#parts.limits().bodyMs);
    if (sinceMs !== null) this.#watch.movedAtMs = sinceMs;
  }

  #restart(limitMs: number): void {
    this.#parts.wheel.restart(this.#watch, limitMs);
  }

  readonly #expired = (): void => {
    const { activity, socket } = this;
    this.timedOut = true;
    const awaitsBody = activity === "request" && this.#bodySinceMs !== null && !this.#writes;
    if (activity !== "head" && !awaitsBody) return this.close();
    const { wheel } = this.#parts;
    // What is answered now has limits of its own.
    this.#watch = wheel.watch(0, wheel.nowMs, this.#expired);
    socket.stopReading();
  };

  #left(): void {
    const call = this.#onLeft;
    this.onLeft = null;
    call?.();
  }
}
