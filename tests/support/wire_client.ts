import type { UpstreamReuse } from "../../src/config/model.ts";
import { Failure } from "../../src/forwarding/gateway_error.ts";
import {
  type Cancellation,
  NO_CONNECT,
  type TargetRequest,
  type TargetResponse,
  type Transport,
} from "../../src/forwarding/target_request.ts";
import { makeSocketTransport } from "../../src/forwarding/wire/socket_transport.ts";
import type { BodySource } from "../../src/http1/body_source.ts";
import { TextLines } from "../../src/http1/field_lines.ts";
import { TargetTable } from "../../src/state/target_table.ts";
import { type Clock, systemClock } from "../../src/time/clock.ts";
import { text } from "./raw_socket.ts";
import { makeTarget } from "./target_group.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A request as tests write it. */
export interface Asked extends Partial<Omit<TargetRequest, "lines" | "body">> {
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: Bytes | ReadableStream<Bytes>;
}

/** What an exchange over the transport came to. */
export interface Got {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  /** Latin-1; what came of it, if it broke off. */
  readonly body: string;
  /** The first read brought the whole body. */
  readonly inOne: boolean;
  readonly broken: boolean;
}

/** Gives an exchange up half-way, as its deadline or its client does. */
export class Canceller implements Cancellation {
  over: Failure | null = null;
  atWork: { abort(): void } | null = null;
  connectMicros = NO_CONNECT;

  abort(failure: Failure = new Failure("timeout", "Given up")): void {
    this.over ??= failure;
    this.atWork?.abort();
  }

  hold(): void {}

  bodyBroken(error: unknown): void {
    this.abort(error instanceof Failure ? error : new Failure("client_closed", String(error)));
  }
}

/** Gives a stream as a transport reads a body. */
export function sourceOf(stream: ReadableStream<Bytes>): BodySource {
  const reader = stream.getReader();
  const source = {
    trailers: null,
    done: false,
    async read() {
      const { value, done } = await reader.read();
      source.done = done;
      return value ?? null;
    },
  };
  return source;
}

/** Makes a request of what a test cares about; it goes to the target on `port`. */
export function requestTo(port: number, { headers = [["host", "x"]], body, ...asked }: Asked = {}): TargetRequest {
  const lines = new TextLines();
  for (const [name, value] of headers) if (name !== "host") lines.add(name, value);
  return {
    target: makeTarget(0, { address: "127.0.0.1", host: "127.0.0.1", port }),
    method: "GET",
    path: "/",
    host: headers.find(([name]) => name === "host")?.[1] ?? "x",
    lines,
    own: [],
    body: body === undefined ? null : body instanceof Uint8Array ? body : sourceOf(body),
    bodyLength: 0,
    upgrade: null,
    ownConnection: false,
    connectTimeoutMs: 5_000,
    cancellation: new Canceller(),
    ...asked,
  };
}

/** The transport on sockets of its own, without the program around it. */
export class WireClient implements Disposable {
  readonly transport: Transport;
  /** What it counts, as the only worker and for target 0. */
  readonly table: TargetTable = TargetTable.create(1);

  constructor(clock: Clock = systemClock, reuse: UpstreamReuse = "always") {
    const listener = { upstreamTransport: "wire", upstreamReuse: reuse } as const;
    this.transport = makeSocketTransport(listener, { clock, column: this.table.column(0) });
  }

  /** Sends a request as it is; the body of the response is not read. */
  async send(port: number, asked: Asked = {}): Promise<TargetResponse> {
    const response = await this.transport.send(requestTo(port, asked), () => Promise.resolve());
    if (response instanceof Failure) throw new Error(response.detail);
    return response;
  }

  /** Sends a request and reads its response to the end. */
  async ask(port: number, asked: Asked = {}): Promise<Got | Failure> {
    const response = await this.transport.send(requestTo(port, asked), () => Promise.resolve());
    if (response instanceof Failure) return response;
    const headers: [string, string][] = [];
    response.lines.forEach((name, value) => headers.push([name, value]));
    const { status, body } = response;
    let read = "";
    let pieces = 0;
    let broken = false;
    try {
      while (body !== null && !body.done) {
        const piece = await body.read();
        if (piece === null) break;
        pieces++;
        read += text(piece);
      }
    } catch {
      broken = true;
    }
    response.close();
    return { status, headers, body: read, inOne: pieces < 2, broken };
  }

  [Symbol.dispose](): void {
    this.transport.close();
  }
}
