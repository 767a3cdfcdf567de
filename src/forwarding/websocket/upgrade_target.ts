import type { TargetTls } from "../../certificates/target_tls.ts";
import type { IncomingMessage } from "node:http";
import { isIP, type Socket } from "node:net";
import WebSocket from "ws";
import { isOwnShortage } from "../../dial/own_shortage.ts";
import { listOf } from "../../http1/comma_list.ts";
import { TextLines } from "../../http1/field_lines.ts";
import { hostPort, type TargetSnapshot } from "../../state/group_snapshot.ts";
import type { CancelTimer, Clock } from "../../time/clock.ts";
import { Failure, type FailureReason } from "../gateway_error.ts";
import type { Cancellation, TargetResponse } from "../target_request.ts";
import { targetHandshakeHeaders, toldOfHandshake } from "./handshake_headers.ts";
import { refused, switched } from "./handshake_response.ts";
import { sliceReads } from "./sliced_reads.ts";
import type { UpgradeConnection } from "./upgrade_connection.ts";
import { messageOf } from "../../logging/message_of.ts";

/** What a handshake fails with. */
type HandshakeFailure = Extract<
  FailureReason,
  | "connect_refused"
  | "connect_failed"
  | "connect_timeout"
  | "reset_before_headers"
  | "bad_response"
  | "timeout"
  | "overloaded"
>;

/** Where a handshake goes. */
export interface HandshakeUpstream {
  readonly target: TargetSnapshot;
  /** Path and query, sent as they are. */
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
}

export interface HandshakeOptions {
  readonly clock: Clock;
  /** The connection that the handshake makes, not begun. */
  readonly connection: UpgradeConnection;
  /** For the connection alone, TLS included. */
  readonly connectTimeoutMs: number;
  /** Is given what ends the exchange before its time. */
  readonly cancellation: Pick<Cancellation, "atWork">;
}

/** Largest message either way, in bytes; a larger one ends the tunnel. Deno's own limit for the client's leg. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/**
 * Most fragments of one message of a target. `ws` keeps a view of each, at about 200 bytes: as much again as the
 * largest message, and enough for one in fragments of 256 bytes.
 */
const MAX_FRAGMENTS = MAX_MESSAGE_BYTES / 256;
/** How long a target may take to answer a close frame, or to close its socket after its own. */
const TARGET_CLOSE_MS = 3_000;

/** Makes a WebSocket handshake with a target: resolves with its response, or with why there is none. */
export function shakeHands(upstream: HandshakeUpstream, options: HandshakeOptions): Promise<TargetResponse | Failure> {
  return new Handshake(upstream, options).result;
}

/** One handshake, from the connection to its result. */
class Handshake {
  readonly result: Promise<TargetResponse | Failure>;
  readonly #resolve: (result: TargetResponse | Failure) => void;
  readonly #options: HandshakeOptions;
  readonly #offeredProtocols: readonly string[];
  readonly #socket: WebSocket;
  #connected: Socket | null = null;
  #told = new TextLines();
  #settled = false;
  readonly #cancelTimer: CancelTimer;

  constructor(upstream: HandshakeUpstream, options: HandshakeOptions) {
    const { promise, resolve } = Promise.withResolvers<TargetResponse | Failure>();
    this.result = promise;
    this.#resolve = resolve;
    this.#options = options;
    this.#offeredProtocols = protocolsIn(upstream.headers);
    options.connection.begin();
    this.#socket = this.#open(upstream);
    const { clock, connectTimeoutMs, cancellation } = options;
    this.#cancelTimer = clock.after(connectTimeoutMs, () => this.#connectTimedOut(connectTimeoutMs));
    cancellation.atWork = this;
    this.#on("upgrade", (response: IncomingMessage) => this.#upgraded(response));
    this.#on("open", () => this.#opened());
    this.#on("unexpected-response", (_: unknown, response: IncomingMessage) => this.#answered(response));
    this.#on("error", (error: NodeError) => this.#broke(error));
  }

  /** Ends the handshake: its deadline passed, or its client left. */
  abort(): void {
    if (this.#options.connection.made) this.#fail("timeout", "Given up before its response");
    else this.#fail("connect_timeout", "No connection before the request's deadline");
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
      ...(target.tls === null ? {} : tlsOptions(target.tls)),
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
        this.#fail("bad_response", messageOf(error));
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
    if (!this.#settle(switched(socket, this.#told))) socket.terminate();
  }

  #answered(message: IncomingMessage): void {
    const response = refused(message);
    if (response === null) {
      message.destroy();
      return this.#fail("bad_response", `The target answered the handshake with status ${message.statusCode}`);
    }
    if (!this.#settle(response)) return void message.destroy();
    this.#options.cancellation.atWork = { abort: () => message.destroy() };
  }

  #broke(error: NodeError): void {
    this.#fail(failureOf(error, this.#options.connection.made), error.message);
  }

  #connectTimedOut(connectMs: number): void {
    if (this.#options.connection.made) return;
    this.#fail("connect_timeout", `No connection within ${Math.round(connectMs)} ms`);
  }

  #fail(reason: HandshakeFailure, detail: string): void {
    if (this.#settle(new Failure(reason, detail))) this.#socket.terminate();
  }

  /** Returns false if there was a result before. */
  #settle(result: TargetResponse | Failure): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#options.connection.handshakeOver();
    this.#cancelTimer();
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
function failureOf({ code = "", message }: NodeError, connected: boolean): HandshakeFailure {
  if (code === "ECONNREFUSED") return "connect_refused";
  if (!connected) return isOwnShortage(message, code) ? "overloaded" : "connect_failed";
  if (code === "ECONNRESET" || code === "EPIPE" || code === "ECONNABORTED") return "reset_before_headers";
  return "bad_response";
}

/** What the platform of Node is told of a target's certificate. */
function tlsOptions({ serverName, authorities, checksName, client }: TargetTls): Record<string, unknown> {
  return {
    // SNI takes no addresses (RFC 6066 section 3): then the certificate must be for the address itself.
    servername: isIP(serverName) === 0 ? serverName : "",
    ...(authorities.length === 0 ? {} : { ca: [...authorities] }),
    ...(checksName ? {} : { checkServerIdentity: () => undefined }),
    ...(client === null ? {} : { cert: client.certificate, key: client.key }),
  };
}
