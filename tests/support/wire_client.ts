import type { UpstreamReuse } from "../../src/config/model.ts";
import { DeadlineWheel } from "../../src/time/deadline.ts";
import { Failure } from "../../src/forwarding/gateway_error.ts";
import {
  type Cancellation,
  NO_CONNECT,
  type UpstreamRequest,
  type UpstreamResponse,
} from "../../src/forwarding/transport.ts";
import { WireTransport } from "../../src/forwarding/wire/wire_transport.ts";
import { TargetTable } from "../../src/state/target_table.ts";
import { type Clock, systemClock } from "../../src/time/clock.ts";
import { text } from "./raw_socket.ts";
import { makeTarget } from "./target_group.ts";

/** What an exchange over the transport came to. */
export interface Got {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  /** Latin-1; what came of it, if it broke off. */
  readonly body: string;
  /** The body was handed over whole rather than as a stream. */
  readonly inOne: boolean;
  readonly broken: boolean;
}

/** Gives an exchange up half-way, as its deadline or its client does. */
export class Canceller implements Cancellation {
  over: Failure | null = null;
  atWork: { abort(): void } | null = null;
  connectMicros = NO_CONNECT;

  abort(): void {
    this.over = new Failure("timeout", "Given up");
    this.atWork?.abort();
  }
}

/** The transport on sockets of its own, without the program around it. */
export class WireClient implements Disposable {
  readonly transport: WireTransport;
  readonly wheel: DeadlineWheel;
  /** What it counts, as the only worker and for target 0. */
  readonly table: TargetTable = TargetTable.create(1);

  constructor(clock: Clock = systemClock, reuse: UpstreamReuse = "always") {
    this.wheel = new DeadlineWheel(clock);
    this.transport = new WireTransport({ clock, wheel: this.wheel, column: this.table.column(0), reuse });
  }

  /** Sends a request as it is; the body of the answer is not read. */
  send(port: number, request: Partial<UpstreamRequest> = {}): Promise<UpstreamResponse> {
    return this.transport.send({
      target: makeTarget(0, { address: "127.0.0.1", host: "127.0.0.1", port }),
      method: "GET",
      path: "/",
      headers: [["host", "x"]],
      body: null,
      bodyLength: 0,
      ownConnection: false,
      connectTimeoutMs: 5_000,
      cancellation: new Canceller(),
      ...request,
    });
  }

  /** Sends a request and reads its answer to the end. */
  async ask(port: number, request: Partial<UpstreamRequest> = {}): Promise<Got | Failure> {
    let response: UpstreamResponse;
    try {
      response = await this.send(port, request);
    } catch (error) {
      return this.transport.failure(error);
    }
    const headers: [string, string][] = [];
    response.headers.forEach((value, name) => headers.push([name, value]));
    const { status, body } = response;
    if (!(body instanceof ReadableStream)) {
      return { status, headers, body: body === null ? "" : text(body), inOne: true, broken: false };
    }
    let read = "";
    try {
      for await (const piece of body) read += text(piece);
      return { status, headers, body: read, inOne: false, broken: false };
    } catch {
      return { status, headers, body: read, inOne: false, broken: true };
    }
  }

  [Symbol.dispose](): void {
    this.transport.close();
    this.wheel.stop();
  }
}
