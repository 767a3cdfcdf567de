import { Buffer } from "node:buffer";
import http from "node:http";
import type net from "node:net";
import WebSocket, { WebSocketServer } from "ws";
import { within } from "./poll.ts";

/** Something a peer was sent: text or bytes. */
export type Message = string | Buffer;

/** A WebSocket with all it got. */
export class Peer {
  readonly socket: any;
  readonly messages: Message[] = [];
  /** What it heard last; null while it is open. */
  closed: { code: number; reason: string } | null = null;
  readonly pings: string[] = [];
  #wake: (() => void)[] = [];

  constructor(socket: any) {
    this.socket = socket;
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      this.messages.push(isBinary ? data : data.toString());
      this.#changed();
    });
    socket.on("ping", (data: Buffer) => {
      this.pings.push(data.toString());
      this.#changed();
    });
    socket.on("close", (code: number, reason: Buffer) => {
      this.closed = { code, reason: reason.toString() };
      this.#changed();
    });
    socket.on("error", () => {});
  }

  /** Waits for the `count`th message; fails if the socket closes before. */
  async message(count: number): Promise<Message> {
    await this.until(() => this.messages.length >= count, `message ${count}`);
    return this.messages[count - 1]!;
  }

  async close(): Promise<{ code: number; reason: string }> {
    await this.until(() => this.closed !== null, "a close");
    return this.closed!;
  }

  /** Waits until `holds`, looking whenever something came. */
  async until(holds: () => boolean, what: string): Promise<void> {
    while (!holds()) {
      if (this.closed !== null) throw new Error(`Closed with ${this.closed.code} before ${what}`);
      await within(new Promise<void>((resolve) => this.#wake.push(resolve)), what);
    }
  }

  #changed(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const run of wake) run();
  }
}

/** Opens a WebSocket as Node's `ws` client does. */
export async function openPeer(
  url: string,
  protocols: string[] = [],
  options: Record<string, unknown> = {},
): Promise<Peer> {
  const socket = new WebSocket(url, protocols, options);
  const peer = new Peer(socket);
  await within(
    new Promise<void>((resolve, reject) => {
      socket.on("open", resolve);
      socket.on("error", reject);
    }),
    `${url} to open`,
  );
  return peer;
}

/** What a refused handshake was answered with. */
export interface Refusal {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

/** Opens a WebSocket that is expected to be refused, and returns the answer. */
export function openRefused(url: string, options: Record<string, unknown> = {}): Promise<Refusal> {
  const socket = new WebSocket(url, [], options);
  return within(
    new Promise<Refusal>((resolve, reject) => {
      socket.on("open", () => reject(new Error("The handshake was accepted")));
      socket.on("error", reject);
      socket.on("unexpected-response", (_request: unknown, response: http.IncomingMessage) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks).toString() });
        });
      });
    }),
    `${url} to be refused`,
  );
}

/** A target that speaks WebSocket by `ws`: echoes, unless `serve` says otherwise. */
export class WebSocketTarget implements AsyncDisposable {
  readonly handshakes: http.IncomingMessage[] = [];
  readonly peers: Peer[] = [];
  readonly #http: http.Server;
  readonly #sockets = new Set<net.Socket>();

  private constructor(server: http.Server) {
    this.#http = server;
  }

  static async start(
    serve: (peer: Peer, handshake: http.IncomingMessage) => void = echo,
    options: Record<string, unknown> = {},
  ): Promise<WebSocketTarget> {
    const server = http.createServer((_request, response) => response.end("plain HTTP"));
    const target = new WebSocketTarget(server);
    server.on("connection", (socket: net.Socket) => {
      target.#sockets.add(socket);
      socket.on("close", () => target.#sockets.delete(socket));
    });
    const sockets = new WebSocketServer({ server, perMessageDeflate: true, ...options });
    sockets.on("connection", (socket: unknown, handshake: http.IncomingMessage) => {
      const peer = new Peer(socket);
      target.peers.push(peer);
      target.handshakes.push(handshake);
      serve(peer, handshake);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return target;
  }

  get port(): number {
    return (this.#http.address() as net.AddressInfo).port;
  }

  /** Cuts every connection, as a process does that is killed. */
  vanish(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.vanish();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}

/** Sends every message back. */
export function echo(peer: Peer): void {
  peer.socket.on("message", (data: Buffer, isBinary: boolean) => peer.socket.send(data, { binary: isBinary }));
}
