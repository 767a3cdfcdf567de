import type { HealthCheckConfig } from "../config/model.ts";
import { connectTcp } from "../dial/connect_tcp.ts";
import { connectWithTls, HandshakeFailed, TargetHandshakes, TooManyStuck } from "../dial/tls_connection.ts";
import { tlsFailureOf } from "../dial/tls_failure.ts";
import { isOwnShortage } from "../dial/own_shortage.ts";
import type { Bytes } from "../http1/bytes.ts";
import { Malformed } from "../http1/malformed.ts";
import { ResponseHeadReader } from "../http1/response_head.ts";
import { hostPort, type TargetSnapshot } from "../state/group_snapshot.ts";
import type { Clock } from "../time/clock.ts";
import { type Timeout, withTimeout } from "../time/with_timeout.ts";
import { matchesStatus } from "./matcher.ts";
import type { ProbeFailure, ProbeResult } from "./probe_result.ts";
import { messageOf } from "../logging/message_of.ts";

/** What a probe needs beside its target. */
export interface ProbeOptions {
  readonly config: HealthCheckConfig;
  readonly clock: Clock;
  /** Cancels the probe: its result is then inconclusive. */
  readonly signal: AbortSignal;
}

/** Probes a target once. Never throws. */
export type Probe = (target: TargetSnapshot, options: ProbeOptions) => Promise<ProbeResult>;

/** EADDRNOTAVAIL: no local port is left. */
const NO_LOCAL_PORT = /\(os error 99\)/;

/**
 * Probes with an HTTP/1.1 GET on a new connection. It does not use `fetch`, which would pool connections, choose its
 * own Host, and read the body. It reads only the response's head, with the parser of traffic: a target is not healthy
 * with a response that traffic would refuse. The measured time runs from the start of the connection to the end of the
 * head.
 */
export async function probeTarget(target: TargetSnapshot, options: ProbeOptions): Promise<ProbeResult> {
  const { config, clock, signal } = options;
  const startMs = clock.monotonicMs();
  const microsSinceStart = () => Math.max(1, Math.round((clock.monotonicMs() - startMs) * 1000));
  const failed = (failure: ProbeFailure, status: number | null = null) => {
    return { kind: "failure", failure, status, micros: microsSinceStart() } as const;
  };

  using timeout = withTimeout(clock, config.timeoutMs, signal);
  const line = new Line(timeout, clock);
  try {
    await line.open(target, config.port ?? target.port);
    await line.write(requestHead(target, config));
    const reader = new ResponseHeadReader();
    for (;;) {
      if (!await line.read()) return failed("Target.ConnectionClosed");
      const head = reader.read(line.bytes, line.end);
      if (head === null) continue;
      const { status } = head;
      if (!matchesStatus(config.matcher, status)) return failed("Target.ResponseCodeMismatch", status);
      return { kind: "success", status, micros: microsSinceStart() };
    }
  } catch (error) {
    if (error instanceof Malformed) return failed("Target.InvalidResponse");
    if (timeout.passed) return failed("Target.Timeout");
    const message = messageOf(error);
    if (signal.aborted) return { kind: "inconclusive", error: "called off" };
    if (isOwnShortage(message) || NO_LOCAL_PORT.test(message)) return { kind: "inconclusive", error: message };
    const failure = failureOf(error, target, line);
    const tls = failure === "Target.TlsFailed" ? tlsFailureOf(error) : null;
    return tls === null ? failed(failure) : { ...failed(failure), tls };
  } finally {
    line.close();
  }
}

/** The request's head. Unless a Host is configured, it is the entry's own, whatever port is probed. */
function requestHead(target: TargetSnapshot, config: HealthCheckConfig): string {
  const host = config.host ?? hostPort(target.host, target.port);
  return `GET ${config.path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: sluice-health\r\nConnection: close\r\n\r\n`;
}

function failureOf(error: unknown, { tls }: TargetSnapshot, line: Line): ProbeFailure {
  if (error instanceof Deno.errors.ConnectionRefused) return "Target.ConnectionRefused";
  if (tls !== null && !line.isOpen && isOfHandshake(error)) return "Target.TlsFailed";
  if (!line.isOpen) return "Target.ConnectionFailed";
  // TLS without close_notify.
  if (error instanceof Deno.errors.UnexpectedEof) return "Target.ConnectionClosed";
  return "Target.ConnectionReset";
}

/** Tells whether a connection was made, and its handshake failed. */
function isOfHandshake(error: unknown): boolean {
  return error instanceof HandshakeFailed || error instanceof TooManyStuck || tlsFailureOf(error) !== null;
}

/** Handshakes of probes. */
const HANDSHAKES = new WeakMap<TargetSnapshot, TargetHandshakes>();

function handshakesWith(target: TargetSnapshot): TargetHandshakes {
  let handshakes = HANDSHAKES.get(target);
  if (handshakes === undefined) HANDSHAKES.set(target, handshakes = new TargetHandshakes());
  return handshakes;
}

/** One connection, closed when its time is up, whatever it is doing. */
class Line {
  /** What has come so far, up to `end`. */
  bytes: Bytes = new Uint8Array(4096);
  end = 0;
  readonly #timeout: Timeout;
  readonly #clock: Clock;
  #connection: Deno.TcpConn | Deno.TlsConn | null = null;
  readonly #onAbort = () => this.close();

  constructor(timeout: Timeout, clock: Clock) {
    this.#timeout = timeout;
    this.#clock = clock;
    timeout.signal.addEventListener("abort", this.#onAbort);
  }

  get isOpen(): boolean {
    return this.#connection !== null;
  }

  /** Connects, and makes the TLS handshake of an `https` target. */
  async open(target: TargetSnapshot, port: number): Promise<void> {
    const { signal } = this.#timeout;
    const { address, tls } = target;
    const clock = this.#clock;
    if (tls !== null) {
      const handshakes = handshakesWith(target);
      this.#connection = await connectWithTls({ address, port, tls }, { clock, signal, handshakes });
    } else {
      this.#connection = await connectTcp({ hostname: address, port }, { clock, signal });
    }
    if (signal.aborted) throw abortError();
  }

  async write(text: string): Promise<void> {
    const bytes = encodeLatin1(text);
    for (let at = 0; at < bytes.length;) at += await this.#connection!.write(bytes.subarray(at));
  }

  /** Reads more into `bytes`; false at the end of the connection. */
  async read(): Promise<boolean> {
    if (this.end === this.bytes.length) {
      const larger = new Uint8Array(this.bytes.length * 2);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    const length = await this.#connection!.read(this.bytes.subarray(this.end));
    if (length === null) {
      if (this.#timeout.signal.aborted) throw abortError();
      return false;
    }
    this.end += length;
    return true;
  }

  close(): void {
    this.#timeout.signal.removeEventListener("abort", this.#onAbort);
    try {
      this.#connection?.close();
    } catch {
      // Already closed by the abort.
    }
  }
}

function encodeLatin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function abortError(): DOMException {
  return new DOMException("The signal has been aborted", "AbortError");
}
