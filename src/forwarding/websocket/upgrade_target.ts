import type { IncomingMessage } from "node:http";
import { isIP, type Socket } from "node:net";
import WebSocket from "ws";
import { isOwnShortage } from "../../dial/own_shortage.ts";
import { hostPort, type TargetSnapshot } from "../../state/group_snapshot.ts";
import type { CancelTimer, Clock } from "../../time/clock.ts";
import { handshakeResponse } from "./handshake_response.ts";
import { sliceReads } from "./sliced_reads.ts";
import type { UpgradeConnection } from "./upgrade_connection.ts";
import { listOf, targetHandshakeHeaders, toldOfHandshake } from "./upgrade_request.ts";

/** The part of `ws`'s WebSocket that a tunnel uses. */
export interface TargetSocket {
  readonly readyState: number;
  on(event: "message", listener: (data: Uint8Array<ArrayBuffer>, isBinary: boolean) => void): void;
  on(event: "close", listener: (code: number, reason: Uint8Array) => void): void;
  on(event: "ping" | "pong", listener: (data: Uint8Array) => void): void;
  on(event: "error", listener: (error: Error) => void): void;
  send(data: string | Uint8Array, options: { binary: boolean }, sent: (error?: Error) => void): void;
  pong(data: Uint8Array, mask: boolean, sent: () => void): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
  pause(): void;
  resume(): void;
}

/**
 * Why a handshake brought neither a tunnel nor a response; `client_closed` if the client disconnected meanwhile,
 * `shutting_down` if the shutdown ended it.
 */
export type UpgradeFailure =
  | "connect_refused"
  | "connect_failed"
  | "connect_timeout"
  | "reset_before_headers"
  | "bad_response"
  | "timeout"
  | "client_closed"
  | "overloaded"
  | "shutting_down";

/** The result of a handshake with a target. */
export type TargetHandshake =
  /** Accepted. The socket is paused; `told` are the headers of its 101 for the client. */
  | { readonly kind: "accepted"; readonly socket: TargetSocket; readonly told: [string, string][] }
  /** The target responded in HTTP instead (401, 403, 426, a redirect ...). */
  | { readonly kind: "answered"; readonly response: Response }
  | { readonly kind: "failed"; readonly failure: UpgradeFailure; readonly detail: string };

/** Where a handshake goes. */
export interface HandshakeUpstream {
  readonly target: TargetSnapshot;
  /** Path and query, sent as they are. */
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
}

export interface HandshakeOptions {
  /** From now until the target's response. */
  readonly timeoutMs: number;
  /** For the connection alone, TLS included. */
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
  readonly connection: UpgradeConnection;
  /** Aborts when the client disconnects. */
  readonly signal: AbortSignal;
  /** Aborts when SHUTDOWN_TIMEOUT is over. */
  readonly cut?: AbortSignal;
}

/** Largest message either way, in bytes; a larger one ends the tunnel. Deno's own limit for the client's leg. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/**
 * Most fragments of one message of a target. `ws` keeps a view of each, at about 200 bytes: as much again as the
 * largest message, and enough for one in fragments of 256 bytes.
 */
const MAX_FRAGMENTS = MAX_MESSAGE_BYTES / 256;
/** How long a target may take to answer a close frame, or to close its socket after its own. */
const TARGET_CLOSE_MS = 3_000;

/** Makes a WebSocket handshake with a target. */
export function shakeHands(upstream: HandshakeUpstream, options: HandshakeOptions): Promise<TargetHandshake> {
  return new Handshake(upstream, options).result;
}

/** One handshake, from the connection to its result. */
class Handshake {
  readonly result: Promise<TargetHandshake>;
  readonly #resolve: (result: TargetHandshake) => void;
  readonly #options: HandshakeOptions;
  readonly #offeredProtocols: readonly string[];
  readonly #socket: WebSocket;
  #connected: Socket | null = null;
  #told: [string, string][] = [];
  #settled = false;
  readonly #cancelTimers: readonly CancelTimer[];

  constructor(upstream: HandshakeUpstream, options: HandshakeOptions) {
    const { promise, resolve } = Promise.withResolvers<TargetHandshake>();
    this.result = promise;
    this.#resolve = resolve;
    this.#options = options;
    this.#offeredProtocols = protocolsIn(upstream.headers);
    options.connection.begin();
    this.#socket = this.#open(upstream);
    const { clock, timeoutMs, connectTimeoutMs, signal, cut } = options;
    // If the deadline passes while connecting, the connection is to blame: so its timer is set, and fires, first.
    const connectMs = Math.min(connectTimeoutMs, timeoutMs);
    this.#cancelTimers = [
      clock.after(connectMs, () => this.#connectTimedOut(connectMs)),
      clock.after(timeoutMs, () => this.#fail("timeout", "No answer to the handshake in time")),
    ];
    signal.addEventListener("abort", this.#clientLeft);
    if (signal.aborted) this.#clientLeft();
    cut?.addEventListener("abort", this.#cutOff);
    if (cut?.aborted) this.#cutOff();
    this.#on("upgrade", (response: IncomingMessage) => this.#upgraded(response));
    this.#on("open", () => this.#opened());
    this.#on("unexpected-response", (_: unknown, response: IncomingMessage) => this.#answered(response));
    this.#on("error", (error: NodeError) => this.#broke(error));
  }

  #open({ target, path, headers }: HandshakeUpstream): WebSocket {
    const secure = target.scheme === "https";
    return new WebSocket(`${secure ? "wss" : "ws"}://${hostPort(target.address, target.port)}/`, [], {
      headers: targetHandshakeHeaders(headers),
      // Agreed end to end or not at all; see targetHandshakeHeaders.
      perMessageDeflate: false,
      followRedirects: false,
      maxPayload: MAX_MESSAGE_BYTES,
      maxFragments: MAX_FRAGMENTS,
      // The tunnel answers pings, no more of them than the target reads.
      autoPong: false,
      closeTimeout: TARGET_CLOSE_MS,
      agent: false,
      // SNI takes no addresses (RFC 6066 section 3): then the certificate must be for the address itself.
      servername: !secure ? undefined : isIP(target.host) === 0 ? target.host : "",
      finishRequest: (request: HandshakeRequest) => {
        // As it is: a URL would change some characters.
        request.path = path;
        request.on("socket", (raw) => {
          this.#connected = raw;
          this.#options.connection.follow(raw, secure);
        });
        request.end();
      },
    });
  }

  /**
   * Catches what an event's handler throws: the platform would end the process. The target's response is to blame.
   */
  #on(event: string, run: (...given: any[]) => void): void {
    this.#socket.on(event, (...given: unknown[]) => {
      try {
        run(...given);
      } catch (error) {
        this.#fail("bad_response", error instanceof Error ? error.message : String(error));
        this.#socket.terminate();
      }
    });
  }

  #upgraded(response: IncomingMessage): void {
    const chosen = response.headers["sec-websocket-protocol"];
    if (typeof chosen === "string" && !this.#offeredProtocols.includes(chosen)) {
      const detail = `The target chose a subprotocol that was not offered: ${JSON.stringify(chosen)}`;
      return this.#fail("bad_response", detail);
    }
    // RFC 6455 section 4.1 allows a response without a subprotocol to an offer, and `ws` does not. It does not know of
    // the offer either, which is in a plain header, so it would also refuse a chosen one: that was checked here.
    delete response.headers["sec-websocket-protocol"];
    this.#told = toldOfHandshake(response.rawHeaders);
  }

  #opened(): void {
    const socket = this.#socket;
    // Read nothing until the client is connected.
    socket.pause();
    sliceReads(this.#connected!, socket);
    if (!this.#settle({ kind: "accepted", socket, told: this.#told })) socket.terminate();
  }

  #answered(message: IncomingMessage): void {
    const response = handshakeResponse(message);
    if (response === null) {
      message.destroy();
      return this.#fail("bad_response", `The target answered the handshake with status ${message.statusCode}`);
    }
    if (!this.#settle({ kind: "answered", response })) message.destroy();
  }

  #broke(error: NodeError): void {
    this.#fail(failureOf(error, this.#options.connection.made), error.message);
  }

  #connectTimedOut(connectMs: number): void {
    if (this.#options.connection.made) return;
    this.#fail("connect_timeout", `No connection within ${Math.round(connectMs)} ms`);
  }

  readonly #clientLeft = (): void => this.#fail("client_closed", "The client went away during the handshake");

  readonly #cutOff = (): void => this.#fail("shutting_down", "SHUTDOWN_TIMEOUT is over");

  #fail(failure: UpgradeFailure, detail: string): void {
    if (this.#settle({ kind: "failed", failure, detail })) this.#socket.terminate();
  }

  /** Returns false if there was a result before. */
  #settle(result: TargetHandshake): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    const { connection, signal, cut } = this.#options;
    connection.handshakeOver();
    for (const cancel of this.#cancelTimers) cancel();
    signal.removeEventListener("abort", this.#clientLeft);
    cut?.removeEventListener("abort", this.#cutOff);
    this.#resolve(result);
    return true;
  }
}

/** The part of node:http's request that a handshake uses. */
interface HandshakeRequest {
  path: string;
  on(event: "socket", run: (socket: Socket) => void): void;
  end(): void;
}

type NodeError = Error & { code?: string };

function protocolsIn(headers: readonly (readonly [string, string])[]): string[] {
  return headers.flatMap(([name, value]) =>
    name.toLowerCase() === "sec-websocket-protocol" ? listOf(value, false) : []
  );
}

/** Maps what node:net, node:http and `ws` report to the closed list of failures. */
function failureOf({ code = "", message }: NodeError, connected: boolean): UpgradeFailure {
  if (code === "ECONNREFUSED") return "connect_refused";
  if (!connected) return isOwnShortage(message, code) ? "overloaded" : "connect_failed";
  if (code === "ECONNRESET" || code === "EPIPE" || code === "ECONNABORTED") return "reset_before_headers";
  return "bad_response";
}
