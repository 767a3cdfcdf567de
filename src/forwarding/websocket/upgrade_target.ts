import { hasNoBody } from "../../http1/framing.ts";
import { isHopByHop } from "../../http1/hop_by_hop.ts";
import type { IncomingMessage } from "node:http";
import { isIP, type Socket } from "node:net";
import WebSocket from "ws";
import { isOwnShortage } from "../../dial/own_shortage.ts";
import type { Clock } from "../../time/clock.ts";
import { hostPort, type TargetSnapshot } from "../../state/group_snapshot.ts";
import { sliceReads } from "./sliced_reads.ts";
import type { UpgradeConnection } from "./upgrade_connection.ts";
import { listOf, pairsOf, targetHandshakeHeaders, toldOfHandshake } from "./upgrade_request.ts";

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
 * Why a handshake brought neither a tunnel nor an answer; `client_closed` where the client left meanwhile,
 * `shutting_down` where it was cut.
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

/** What came of the handshake with a target. */
export type TargetHandshake =
  /** Accepted. The socket is paused; `told` are the headers of its 101 for the client. */
  | { readonly kind: "accepted"; readonly socket: TargetSocket; readonly told: [string, string][] }
  /** The target answered in HTTP instead (401, 403, 426, a redirect ...). */
  | { readonly kind: "answered"; readonly response: Response }
  | { readonly kind: "failed"; readonly failure: UpgradeFailure; readonly detail: string };

/** Largest message either way; a larger one ends the tunnel. Deno's own limit for the client's leg. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/**
 * Most fragments of one message of a target. `ws` keeps a view of each, at about 200 bytes: as much again as the
 * largest message, and enough for one in fragments of 256 bytes.
 */
const MAX_FRAGMENTS = MAX_MESSAGE_BYTES / 256;
/** How long a target may take to answer a close frame, or to close its socket after its own. */
const TARGET_CLOSE_MS = 3_000;

/** Makes a WebSocket handshake with a target. */
export function shakeHands(
  upstream: { target: TargetSnapshot; path: string; headers: readonly (readonly [string, string])[] },
  options: {
    timeoutMs: number;
    connectTimeoutMs: number;
    clock: Clock;
    connection: UpgradeConnection;
    signal: AbortSignal;
    cut?: AbortSignal;
  },
): Promise<TargetHandshake> {
  const { promise, resolve } = Promise.withResolvers<TargetHandshake>();
  const { target } = upstream;
  const { connection } = options;
  const secure = target.scheme === "https";
  const headers = targetHandshakeHeaders(upstream.headers);
  const offered = offeredIn(upstream.headers);
  let settled = false;
  let told: [string, string][] = [];
  let connected: Socket | null = null;

  connection.begin();
  const socket = new WebSocket(`${secure ? "wss" : "ws"}://${hostPort(target.address, target.port)}/`, [], {
    headers,
    // Agreed end to end or not at all; see targetHandshakeHeaders.
    perMessageDeflate: false,
    followRedirects: false,
    maxPayload: MAX_MESSAGE_BYTES,
    maxFragments: MAX_FRAGMENTS,
    // The tunnel answers pings, no more of them than the target reads.
    autoPong: false,
    closeTimeout: TARGET_CLOSE_MS,
    agent: false,
    // An address is no name to be asked for (RFC 6066 section 3): the certificate has to be for the address itself
    // then.
    servername: !secure ? undefined : isIP(target.host) === 0 ? target.host : "",
    finishRequest(
      request: { path: string; on: (event: "socket", run: (socket: Socket) => void) => void; end(): void },
    ) {
      // As it is: a URL would write some characters anew.
      request.path = upstream.path;
      request.on("socket", (raw) => {
        connected = raw;
        connection.follow(raw, secure);
      });
      request.end();
    },
  });

  function settle(result: TargetHandshake): boolean {
    if (settled) return false;
    settled = true;
    connection.handshakeOver();
    cancelDeadline();
    cancelConnectDeadline();
    options.signal.removeEventListener("abort", clientLeft);
    options.cut?.removeEventListener("abort", cutOff);
    resolve(result);
    return true;
  }
  function fail(failure: UpgradeFailure, detail: string): void {
    if (settle({ kind: "failed", failure, detail })) socket.terminate();
  }
  function clientLeft(): void {
    fail("client_closed", "The client went away during the handshake");
  }
  function cutOff(): void {
    fail("shutting_down", "SHUTDOWN_TIMEOUT is over");
  }

  // A deadline that passes while connecting is the connection's, so this one is asked first.
  const connectMs = Math.min(options.connectTimeoutMs, options.timeoutMs);
  const cancelConnectDeadline = options.clock.after(connectMs, () => {
    if (!connection.made) fail("connect_timeout", `No connection within ${Math.round(connectMs)} ms`);
  });
  const cancelDeadline = options.clock.after(
    options.timeoutMs,
    () => fail("timeout", "No answer to the handshake in time"),
  );
  options.signal.addEventListener("abort", clientLeft);
  if (options.signal.aborted) clientLeft();
  options.cut?.addEventListener("abort", cutOff);
  if (options.cut?.aborted) cutOff();

  /**
   * Nothing that is thrown may leave an event: there it would end the process. What a target sent is what it was thrown
   * for.
   */
  function on(event: string, run: (...given: any[]) => void): void {
    socket.on(event, (...given: unknown[]) => {
      try {
        run(...given);
      } catch (error) {
        fail("bad_response", error instanceof Error ? error.message : String(error));
        socket.terminate();
      }
    });
  }

  on("upgrade", (response: IncomingMessage) => {
    const chosen = response.headers["sec-websocket-protocol"];
    if (typeof chosen === "string" && !offered.includes(chosen)) {
      return fail("bad_response", `The target chose a subprotocol that was not offered: ${JSON.stringify(chosen)}`);
    }
    // `ws` would refuse an answer without a subprotocol to an offer, which RFC 6455 section 4.1 allows: the offer is
    // made by a plain header (so it knows of none), and the answer was checked here.
    delete response.headers["sec-websocket-protocol"];
    told = toldOfHandshake(response.rawHeaders);
  });
  on("open", () => {
    // Nothing is read before the client is there to get it.
    socket.pause();
    sliceReads(connected!, socket);
    if (!settle({ kind: "accepted", socket, told })) socket.terminate();
  });
  on("unexpected-response", (_request: unknown, answer: IncomingMessage) => {
    const response = responseOf(answer);
    if (response === null) {
      answer.destroy();
      return fail("bad_response", `The target answered the handshake with status ${answer.statusCode}`);
    }
    if (!settle({ kind: "answered", response })) answer.destroy();
  });
  on("error", (error: Error & { code?: string }) => {
    const { failure, detail } = explain(error, connection.made);
    fail(failure, detail);
  });
  return promise;
}

function offeredIn(headers: readonly (readonly [string, string])[]): string[] {
  return headers.flatMap(([name, value]) =>
    name.toLowerCase() === "sec-websocket-protocol" ? listOf(value, false) : []
  );
}

/** Maps what node:net, node:http and `ws` say to the closed list of failures. */
function explain(error: Error & { code?: string }, connected: boolean): { failure: UpgradeFailure; detail: string } {
  const code = error.code ?? "";
  const detail = error.message;
  if (code === "ECONNREFUSED") return { failure: "connect_refused", detail };
  if (!connected) return { failure: isOwnShortage(detail, code) ? "overloaded" : "connect_failed", detail };
  if (code === "ECONNRESET" || code === "EPIPE" || code === "ECONNABORTED") {
    return { failure: "reset_before_headers", detail };
  }
  return { failure: "bad_response", detail };
}

/** Turns a target's HTTP answer into the client's; null where it can't be one. */
function responseOf(answer: IncomingMessage): Response | null {
  const status = answer.statusCode ?? 0;
  if (status < 200 || status > 599) return null;
  const pairs = pairsOf(answer.rawHeaders);
  const dropped = new Set(pairs.flatMap(([name, value]) => name.toLowerCase() === "connection" ? listOf(value) : []));
  const headers = new Headers();
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    if (!isHopByHop(key) && !dropped.has(key)) headers.append(name, value);
    // A 426 says in its Upgrade what would be welcome instead (RFC 9110 section 15.5.22).
    else if (key === "upgrade" && status === 426) headers.append(name, value);
  }
  if (headers.has("upgrade")) headers.set("connection", "upgrade");
  const bodyless = status === 205 || hasNoBody(status, "GET");
  if (bodyless) answer.resume();
  const body = bodyless ? null : bytesOf(answer);
  return new Response(body, { status, statusText: answer.statusMessage, headers });
}

/** An answer's body as a byte stream; it breaks where the target breaks off. */
function bytesOf(answer: IncomingMessage): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pieces = answer[Symbol.asyncIterator]();
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (!done) return controller.enqueue(new Uint8Array(value));
      controller.close();
      // A reader that brought its own buffer waits for it.
      controller.byobRequest?.respond(0);
    },
    cancel() {
      answer.destroy();
    },
  });
}
