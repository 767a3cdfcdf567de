import type { ClientColumn } from "../../state/client_column.ts";
import type { Clock } from "../../time/clock.ts";
import { Deadlines } from "../../time/deadline.ts";
import type { AcceptedConn, Acceptor, SecureConn } from "../acceptor.ts";
import type { RequestHandler } from "../front.ts";
import { Http2Connection, type Http2Parts } from "../http2/http2_connection.ts";
import type { OpenConnection } from "../open_connection.ts";
import { holdsHalf, SLOW_HANDSHAKE_MS } from "../tls/handshake_share.ts";
import { Handshakes } from "../tls/handshakes.ts";
import { AcceptLoop, type Room } from "./accept_loop.ts";
import { ClientConnection, type ConnectionParts } from "./client_connection.ts";
import type { OperationCount } from "./client_socket.ts";
import { whoGoesFirst } from "./shedding.ts";
import { ConnectionCap } from "./connection_cap.ts";
import { ConnectionList } from "./connection_list.ts";
import type { ClientLimits } from "./limits.ts";
import { FrontRooms } from "./rooms.ts";

/** How exact clients' limits are. */
const TICK_MS = 250;
/** How often unused rooms are freed. */
const TRIM_MS = 5_000;

/** What a wire front works with. */
export interface WireFrontParts {
  readonly handler: RequestHandler;
  readonly clock: Clock;
  readonly operations: OperationCount;
  /** Where connections are counted. */
  readonly column: ClientColumn;
  /** This thread's share of the connections that the process has. */
  share(): number;
  limits(): ClientLimits;
  /** Tells whose PROXY header is believed; null if none is expected. */
  readonly proxies: ((peer: string) => boolean) | null;
  broken(error: unknown): void;
  /** Accepting fails for want of descriptors, or works again. */
  short(begins: boolean, error: string): void;
  /** So many handshakes don't end that the thread should; called again and again. */
  crowded(handshakes: number, stuck: number): void;
  /** A client of HTTP/2 was disconnected: it broke a rule, or cost too much. */
  dismissed(peer: string, rule: string, forCost: boolean): void;
}

/** Accepts clients' connections and serves them: HTTP/1.0, 1.1 and, on the port with TLS, 2. */
export class WireFront {
  readonly #parts: WireFrontParts;
  readonly #connections = new ConnectionList<OpenConnection>();
  readonly #perClient = new Map<string, number>();
  readonly #deadlines: Deadlines;
  readonly #rooms = new FrontRooms();
  readonly #shared: ConnectionParts;
  readonly #http2: Http2Parts;
  readonly #cancelTrim: () => void;
  readonly #cancelLook: () => void;
  readonly handshakes: Handshakes;
  readonly #plain: AcceptLoop<Deno.TcpConn>;
  readonly #secure: AcceptLoop<SecureConn>;
  #sendsAway = false;
  #closesWebSockets = false;
  #leaving = false;
  #heldUntilMs = 0;
  readonly #cap = new ConnectionCap();

  constructor(parts: WireFrontParts) {
    this.#parts = parts;
    const { clock } = parts;
    this.#deadlines = new Deadlines(clock, TICK_MS);
    this.#cancelTrim = clock.every(TRIM_MS, () => {
      this.#rooms.trim();
      this.#cap.ease();
    });
    this.#shared = {
      handler: parts.handler,
      limits: parts.limits,
      deadlines: this.#deadlines,
      nowMs: () => clock.monotonicMs(),
      rooms: this.#rooms,
      operations: parts.operations,
      column: parts.column,
      sendsAway: () => this.#sendsAway,
      closesWebSockets: () => this.#closesWebSockets,
      broken: parts.broken,
      proxies: parts.proxies,
      admit: (connection) => this.#admit(connection),
      closed: (connection) => this.#closed(connection),
    };
    this.#http2 = { ...this.#shared, dismissed: parts.dismissed };
    this.handshakes = new Handshakes({
      deadlines: this.#deadlines,
      nowMs: () => clock.monotonicMs(),
      timeoutMs: () => parts.limits().handshakeMs,
      column: parts.column,
      done: (conn, protocol) => protocol === "h2" ? this.#takeHttp2(conn) : this.#take(conn, "https"),
    });
    this.#cancelLook = clock.every(TICK_MS, () => this.#lookAtHandshakes());
    this.#secure = this.#makeLoop((conn) => this.handshakes.begin(conn), () => this.#isHeld());
    this.#plain = this.#makeLoop((conn) => this.#take(conn, "http"), () => false);
  }

  /** Connections that are open. */
  get open(): number {
    return this.#connections.size;
  }

  /**
   * Connections from which a request may come any moment: fresh ones, those whose handshake may end, and those whose
   * head has begun.
   */
  get expected(): number {
    let count = this.handshakes.pending - this.handshakes.stuck;
    for (const { activity } of this.#connections) if (activity === "fresh" || activity === "head") count++;
    return count;
  }

  /**
   * Begins to accept. Throws as `Deno.listen` does. Resolves when it was told to stop; rejects when accepting ended by
   * itself.
   */
  listen(hostname: string, port: number): Promise<void> {
    return this.#plain.run(Deno.listen({ hostname, port, reusePort: true }));
  }

  /** Begins to accept connections with TLS; a listener that was used before leaves, and its connections live on. */
  listenTls(acceptor: Acceptor<SecureConn>): Promise<void> {
    return this.#secure.run(acceptor);
  }

  /** Accepts no TLS connection for so many ms; 0 ends that. */
  hold(ms: number): void {
    this.#heldUntilMs = ms === 0 ? 0 : this.#parts.clock.monotonicMs() + ms;
  }

  /** Has each response from now on be its connection's last. */
  sendAway(): void {
    this.#sendsAway = true;
    for (const connection of this.#connections) connection.sendAway();
  }

  /** Takes the connections that wait to be accepted; resolves when nothing new is accepted any more. */
  async stopAccepting(): Promise<void> {
    this.#leaving = true;
    this.#cancelLook();
    await Promise.all([this.#plain.stop(), this.#secure.stop()]);
  }

  /** Closes WebSockets, also those that open from now on, so that their clients connect to another process. */
  closeWebSockets(): void {
    this.#closesWebSockets = true;
    for (const connection of this.#connections) {
      if (connection instanceof ClientConnection) connection.replying?.closeWebSocket();
    }
  }

  /** Closes connections that wait for a request; those that said goodbye close by themselves. */
  closeIdle(): void {
    for (const connection of this.#connections) {
      if (connection.activity === "idle" && !saidGoodbye(connection)) connection.close("shutdown");
    }
  }

  /** Connections that wait for a request. */
  get idle(): number {
    let count = 0;
    for (const { activity } of this.#connections) if (activity === "idle") count++;
    return count;
  }

  /** Connections that close by themselves soon: their last response is on its way. */
  get closing(): number {
    let count = 0;
    for (const connection of this.#connections) {
      if (connection.activity === "request" || saidGoodbye(connection)) count++;
    }
    return count;
  }

  /** Closes every connection, whatever is under way. */
  close(): void {
    this.#cancelTrim();
    this.#cancelLook();
    for (const connection of this.#connections) connection.close("shutdown");
    this.#deadlines.stop();
  }

  #isHeld(): boolean {
    return !this.#leaving && this.#heldUntilMs > 0 && this.#parts.clock.monotonicMs() < this.#heldUntilMs;
  }

  #makeLoop<C extends AcceptedConn>(take: (conn: C) => void, isHeld: () => boolean): AcceptLoop<C> {
    return new AcceptLoop({
      clock: this.#parts.clock,
      makeRoom: () => isHeld() ? "none" : this.#makeRoom(),
      take,
      ranOut: (error, first) => {
        if (first) this.#parts.short(true, error);
        this.#ranOut();
      },
      recovered: () => this.#parts.short(false, ""),
    });
  }

  #take(conn: AcceptedConn, protocol: "http" | "https"): void {
    const connection = new ClientConnection(conn, protocol, this.#shared);
    this.#connections.add(connection);
    connection.run();
  }

  #takeHttp2(conn: AcceptedConn): void {
    const connection = new Http2Connection(conn, this.#http2);
    this.#connections.add(connection);
    connection.run();
  }

  /** Counts a client's connection; false if it has too many. */
  #admit(connection: OpenConnection): boolean {
    const { perClient } = this.#parts.limits();
    if (perClient === 0) return true;
    const count = this.#perClient.get(connection.peer) ?? 0;
    if (count >= perClient) return false;
    this.#perClient.set(connection.peer, count + 1);
    connection.admitted = true;
    return true;
  }

  #closed(connection: OpenConnection): void {
    if (!this.#connections.remove(connection) || !connection.admitted) return;
    const count = this.#perClient.get(connection.peer);
    if (count === undefined) return;
    if (count <= 1) this.#perClient.delete(connection.peer);
    else this.#perClient.set(connection.peer, count - 1);
  }

  /** Connections that hold a descriptor. */
  get #size(): number {
    return this.#connections.size + this.handshakes.pending;
  }

  #ranOut(): void {
    // One that has just begun, in the place of another, has few: the others hold the descriptors.
    this.#cap.ranOut(Math.max(this.#size, this.#parts.share()));
    this.#makeRoom();
  }

  get #most(): number {
    const { connections } = this.#parts.limits();
    return connections > 0 ? connections : this.#cap.most;
  }

  #lookAtHandshakes(): void {
    const slow = this.handshakes.olderThan(SLOW_HANDSHAKE_MS);
    if (holdsHalf(slow, this.#most)) this.#parts.crowded(slow, this.handshakes.stuck);
  }

  /** Closes connections that may be closed until one more fits. */
  #makeRoom(): Room {
    const most = this.#most;
    const wanted = this.#size - most + 1;
    // A listener that leaves takes what waits.
    if (wanted <= 0 || this.#leaving) return "now";
    const nowMs = this.#parts.clock.monotonicMs();
    for (const connection of whoGoesFirst(this.#connections, { nowMs, wanted })) connection.close("max_connections");
    return this.#size < most ? "next turn" : "none";
  }
}

/** Tells whether its client was told that no other request will be served. */
function saidGoodbye(connection: OpenConnection): boolean {
  if (connection instanceof Http2Connection) return connection.saidGoodbye;
  return connection instanceof ClientConnection && connection.socket.lingers;
}
