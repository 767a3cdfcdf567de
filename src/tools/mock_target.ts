import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Buffer } from "node:buffer";
import { WebSocketServer } from "ws";
import { type Clock, systemClock } from "../time/clock.ts";
import { withTimeout } from "../time/with_timeout.ts";
import { mockAnswer } from "./mock_answer.ts";
import { allowedFaults, changeFaults, type MockFaults } from "./mock_faults.ts";

/** How a mock target is started: the faults may be given from the first request on. */
export interface MockTargetOptions extends MockFaults {
  /** 0 takes a free one. */
  readonly port: number;
  /** Default 127.0.0.1; the command listens on 0.0.0.0, so that containers reach it. */
  readonly host?: string;
  /** Default `mock-<port>`. */
  readonly name?: string;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** A running mock target. */
export interface MockTarget {
  readonly name: string;
  readonly port: number;
  readonly url: string;
  /** Requests that arrived, answered or not, `/health` and `/_mock` excepted. */
  readonly served: number;
  /** Requests for `/health`. */
  readonly probes: number;
  /** Reads and replaces the faults, all of them at once; `PUT /_mock` merges instead. */
  faults: MockFaults;
  /** Stops listening and cuts what is open, as a target that dies would. */
  shutdown(): Promise<void>;
}

/** What the echo uses of a WebSocket of `ws`, which brings no types. */
interface EchoSocket {
  on(event: "message", heard: (data: Uint8Array, isBinary: boolean) => void): void;
  on(event: "error", failed: () => void): void;
  send(data: Uint8Array, options: { binary: boolean }): void;
  terminate(): void;
}

const FAULTS_PATH = "/_mock";
const HEALTH_PATH = "/health";
/** A change of faults is a line; more is a mistake. */
const MAX_CHANGE_BYTES = 65_536;
const BODY_PIECES = 10;
const LONGEST_CLOSE_MS = 1000;

/** Starts a target that answers every method and path with JSON about the request, and fails on demand. */
export async function startMockTarget(options: MockTargetOptions): Promise<MockTarget> {
  const { port, host = "127.0.0.1", name, clock = systemClock, random = () => Math.random(), ...faults } = options;
  const target = new HttpMockTarget(faults, clock, random);
  await target.listen(port, host, name);
  return target;
}

/** Stands on node:http, since `Deno.serve` can't close a connection without an answer. */
class HttpMockTarget implements MockTarget {
  served = 0;
  probes = 0;
  faults: MockFaults;
  readonly #initial: MockFaults;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #server: Server;
  readonly #echo = new WebSocketServer({ noServer: true });
  readonly #sockets = new Set<Socket>();
  #name = "mock";
  #host = "";
  #port = 0;

  constructor(faults: MockFaults, clock: Clock, random: () => number) {
    this.faults = this.#initial = faults;
    this.#clock = clock;
    this.#random = random;
    this.#server = createServer({ keepAlive: true, maxHeaderSize: 65_536 }, (request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
    // A target that drops idle connections is a fault of its own, and not one that was asked for.
    this.#server.keepAliveTimeout = 0;
    this.#server.requestTimeout = 0;
    this.#server.headersTimeout = 0;
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket as Socket, head));
  }

  get name(): string {
    return this.#name;
  }
  /** Stays known after the shutdown, so that the target can be brought back where it was. */
  get port(): number {
    return this.#port;
  }
  get url(): string {
    const host = this.#host === "0.0.0.0" || this.#host === "::" ? "127.0.0.1" : this.#host;
    return `http://${host.includes(":") ? `[${host}]` : host}:${this.port}`;
  }

  async listen(port: number, host: string, name?: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, resolve);
    });
    this.#host = host;
    this.#port = (this.#server.address() as AddressInfo).port;
    this.#name = name ?? `mock-${this.port}`;
  }

  async shutdown(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const client of this.#echo.clients) client.terminate();
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    // Deno 2.4 hands out no sockets and waits forever for requests that hang.
    using timeout = withTimeout(this.#clock, LONGEST_CLOSE_MS);
    await timeout.race(closed);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.url ?? "/";
    const path = pathOf(target);
    if (path === FAULTS_PATH) return await this.#answerFaults(request, response);
    const isHealth = path === HEALTH_PATH;
    if (isHealth) this.probes++;
    else this.served++;
    const faults = this.faults;
    if (faults.reset) return tearDown(request.socket);
    if (faults.hang) return;
    const healthCode = isHealth ? faults.healthCode : undefined;

    const bodyBytes = await countBody(request);
    if (healthCode === undefined) await this.#pause(this.#delayMs(faults), response);
    if (response.destroyed) return;
    const status = healthCode ?? this.#status(faults);
    const answer = mockAnswer(
      this.#name,
      { method: request.method!, target, rawHeaders: request.rawHeaders },
      bodyBytes,
    );
    const body = Buffer.from(JSON.stringify(answer, null, 2) + "\n");
    this.#writeHead(response, status, body.byteLength);
    if (faults.slowBodyMs !== undefined && healthCode === undefined) {
      await this.#dribble(body, faults.slowBodyMs, response);
    } else {
      response.end(body);
    }
  }

  #writeHead(response: ServerResponse, status: number, bodyBytes: number): void {
    const withoutBody = status === 204 || status === 304;
    response.writeHead(status, {
      "content-type": "application/json",
      ...(withoutBody ? {} : { "content-length": bodyBytes }),
      "x-served-by": this.#name,
    });
  }

  #delayMs(faults: MockFaults): number {
    return (faults.delayMs ?? 0) + (faults.jitterMs ? faults.jitterMs * this.#random() : 0);
  }

  #status(faults: MockFaults): number {
    if (faults.errorRate !== undefined) return this.#random() < faults.errorRate ? faults.errorCode ?? 500 : 200;
    return faults.errorCode ?? 200;
  }

  async #dribble(body: Buffer, overMs: number, response: ServerResponse): Promise<void> {
    response.flushHeaders();
    const step = Math.ceil(body.byteLength / BODY_PIECES);
    for (let from = 0; from < body.byteLength; from += step) {
      await this.#pause(overMs / BODY_PIECES, response);
      if (response.destroyed) return;
      response.write(body.subarray(from, from + step));
    }
    response.end();
  }

  /** Waits, but no longer than the client does. */
  async #pause(ms: number, response: ServerResponse): Promise<void> {
    if (ms <= 0 || response.destroyed) return;
    const closed = Promise.withResolvers<void>();
    response.once("close", closed.resolve);
    using timeout = withTimeout(this.#clock, ms);
    await timeout.race(closed.promise);
    response.off("close", closed.resolve);
  }

  /**
   * Shows, changes (PUT) and takes back (DELETE) the faults; never subject to them itself, so that they can be removed.
   */
  async #answerFaults(request: IncomingMessage, response: ServerResponse): Promise<void> {
    switch (request.method) {
      case "GET":
      case "HEAD":
        return sendJson(response, 200, this.faults);
      case "DELETE":
        this.faults = this.#initial;
        return sendJson(response, 200, this.faults);
      case "PUT": {
        const changed = changeFaults(this.faults, await readJson(request));
        if ("problems" in changed) {
          return sendJson(response, 400, { error: changed.problems, allowed: allowedFaults() });
        }
        this.faults = changed.faults;
        return sendJson(response, 200, this.faults);
      }
      default:
        response.setHeader("allow", "GET, PUT, DELETE");
        return sendJson(response, 405, { error: ["The faults take GET, PUT and DELETE"], allowed: allowedFaults() });
    }
  }

  /** Echoes over WebSocket; any other upgrade is answered as if it had not been asked for (RFC 9110 section 7.8). */
  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    this.served++;
    socket.on("error", () => socket.destroy());
    if (this.faults.reset) return tearDown(socket);
    if (this.faults.hang) return;
    if (request.headers.upgrade?.toLowerCase() !== "websocket" || this.faults.errorCode !== undefined) {
      const target = request.url ?? "/";
      const answer = mockAnswer(this.#name, { method: request.method!, target, rawHeaders: request.rawHeaders }, 0);
      const body = JSON.stringify(answer, null, 2) + "\n";
      const status = this.#status(this.faults);
      socket.end(
        `HTTP/1.1 ${status} Mock\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
          `X-Served-By: ${this.#name}\r\nConnection: close\r\n\r\n${body}`,
      );
      return;
    }
    this.#echo.handleUpgrade(request, socket, head, (client: EchoSocket) => {
      client.on("message", (data, isBinary) => client.send(data, { binary: isBinary }));
      client.on("error", () => client.terminate());
    });
  }
}

function pathOf(target: string): string {
  const mark = target.indexOf("?");
  return mark < 0 ? target : target.slice(0, mark);
}

/**
 * Reads a body to its end; rejects if the client breaks it off. By events: iterating never ends for an empty body in
 * Deno 2.4.
 */
function readBody(request: IncomingMessage, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    request.on("data", take);
    request.on("end", resolve);
    request.on("error", reject);
    request.on("close", () => reject(new Error("The request was broken off")));
  });
}

/** Counts a body without keeping it. */
async function countBody(request: IncomingMessage): Promise<number> {
  let bytes = 0;
  await readBody(request, (chunk) => bytes += chunk.byteLength);
  return bytes;
}

/** Undefined for what is no JSON or too much of it. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  await readBody(request, (chunk) => {
    bytes += chunk.byteLength;
    if (bytes <= MAX_CHANGE_BYTES) chunks.push(chunk);
  });
  if (bytes > MAX_CHANGE_BYTES) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined;
  }
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value, null, 2) + "\n");
  response.writeHead(status, { "content-type": "application/json", "content-length": body.byteLength });
  response.end(body);
}

/** Closes a connection so that the client sees a reset. Deno 2.4 can't: there it falls silent instead. */
function tearDown(socket: Socket): void {
  socket.resetAndDestroy();
}
