import net from "node:net";
import { headerValues, type RawMessage, readBody, readHead } from "./raw_message.ts";
import { RawSocket } from "./raw_socket.ts";
import { okay } from "./recorder_scripts.ts";

/** A request exactly as it reached the target. */
export interface RecordedRequest extends RawMessage {
  readonly method: string;
  /** The request target as it stood in the first line. */
  readonly path: string;
  /** Which connection brought it: 0 is the first. */
  readonly connection: number;
}

/** One request's turn: what an answer script may do. */
export interface Turn {
  readonly method: string;
  readonly path: string;
  readonly headers: RawMessage["headers"];
  /** Which request of this target it is: 0 is the first. */
  readonly index: number;
  /** Which connection brought it: 0 is the first. */
  readonly connection: number;
  readonly socket: RawSocket;
  /** Reads the request's body. Called again it gives the same; after the script it is read in any case. */
  body(): Promise<Uint8Array>;
}

/** Answers a request, well or badly. The connection is kept for the next request unless the script closed it. */
export type AnswerScript = (turn: Turn) => void | Promise<void>;

/**
 * A target on a raw socket that refuses nothing and writes down every byte that reaches it, so that a test can say what
 * a target must never see. It responds by a script; by default `200` with a small body.
 */
export class RecorderTarget implements AsyncDisposable {
  /** Requests whose head has arrived, in order; the body is complete when the exchange is over. */
  readonly requests: RecordedRequest[] = [];
  /** Changes how the requests to come are answered. */
  script: AnswerScript;
  /** Connections accepted so far. */
  connections = 0;
  /** How each connection was ended by the other side, by connection: `end`, `reset`, or absent while it is open. */
  readonly endings = new Map<number, "end" | "reset">();
  readonly #server: net.Server;
  readonly #sockets = new Set<RawSocket>();
  readonly #running = new Set<Promise<void>>();

  private constructor(server: net.Server, script: AnswerScript) {
    this.#server = server;
    this.script = script;
    server.on("connection", (socket: net.Socket) => {
      const run = this.#serve(new RawSocket(socket), this.connections++);
      this.#running.add(run);
      run.finally(() => this.#running.delete(run));
    });
  }

  /** Starts one on a free loopback port, or on the one that is given. */
  static async start(
    script: AnswerScript = okay(),
    options: { hostname?: string; port?: number } = {},
  ): Promise<RecorderTarget> {
    const server = net.createServer({ allowHalfOpen: true });
    const target = new RecorderTarget(server, script);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(options.port ?? 0, options.hostname ?? "127.0.0.1", resolve);
    });
    return target;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** `127.0.0.1:PORT`, as `TARGET_GROUP_<N>_TARGETS` wants it. */
  get address(): string {
    const { address, family, port } = this.#server.address() as net.AddressInfo;
    return family === "IPv6" ? `[${address}]:${port}` : `${address}:${port}`;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Every byte of every request, in order of arrival. */
  get raw(): string {
    return this.requests.map((request) => request.raw).join("");
  }

  /** Stops listening and closes all connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    await Promise.all([...this.#sockets].map((socket) => socket.close()));
    await Promise.all(this.#running);
    await closed;
  }

  async #serve(socket: RawSocket, connection: number): Promise<void> {
    this.#sockets.add(socket);
    try {
      while (await this.#exchange(socket, connection));
    } catch {
      // the other side left, or the script closed the connection: both are what tests are about
    } finally {
      if (socket.endedBy !== null) this.endings.set(connection, socket.endedBy);
      await socket.close();
      this.#sockets.delete(socket);
    }
  }

  async #exchange(socket: RawSocket, connection: number): Promise<boolean> {
    const head = await readHead(socket);
    if (head === null) return false;
    const [method = "", path = ""] = head.startLine.split(" ");
    const index = this.requests.length;
    const request = { ...head, method, path, connection, body: new Uint8Array(0) as Uint8Array, cutOff: true };
    this.requests.push(request);
    let reading: Promise<Uint8Array> | null = null;
    const body = () =>
      reading ??= readBody(socket, head, { toEnd: false }).then((rest) => {
        Object.assign(request, { body: rest.body, cutOff: rest.cutOff, raw: head.raw + rest.raw });
        return rest.body;
      });
    const script = this.script;
    await script({ method, path, headers: head.headers, index, connection, socket, body });
    await body();
    return !headerValues(head, "connection").some((value) => /\bclose\b/i.test(value));
  }
}
