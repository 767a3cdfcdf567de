import type { Bytes } from "../../http1/bytes.ts";
import type { TunnelEnd } from "../../http1/tunnel_end.ts";
import type { Clock } from "../../time/clock.ts";
import type { ClientEvents } from "../front.ts";
import type { Reply, ResponseHead, TunnelEvents } from "../reply.ts";
import { Tunnel } from "../websocket/upgrade_tunnel.ts";
import type { Origin } from "./origin.ts";
import { ReplyStream } from "./reply_stream.ts";
import type { ServeBody } from "./serve_body.ts";

/** Bodies of a known length up to this many bytes are gathered, for a moment, and sent as one. */
const SMALL_BYTES = 65_536;

/** What a reply needs of its front. */
export interface ReplyOwner {
  readonly clock: Clock;
  /** STREAM_IDLE_TIMEOUT, for tunnels. */
  idleTimeoutMs(): number;
  /** Each response is its connection's last one. */
  readonly sendsAway: boolean;
  /** A tunnel was opened. */
  opened(tunnel: Tunnel): void;
  closed(tunnel: Tunnel): void;
}

/**
 * Answers one request of `Deno.serve` with a `Response`. A body that is there at once, or small and there within a
 * tick, is given as bytes, which costs a third of a stream; all others are streams that take the next piece when the
 * client wants it.
 */
export class ServeReply implements Reply, ClientEvents {
  begun = false;
  /** Settles when the platform has sent the response, or given up. */
  sent: Promise<unknown> | null;
  onLeft: (() => void) | null = null;
  readonly halfClosed = false;
  readonly stillReads = false;
  readonly #owner: ReplyOwner;
  #request: Request | null;
  #body: ServeBody | null = null;
  #resolve: ((response: Response) => void) | null = null;
  #isHead: boolean;
  #status = 0;
  /** Bytes of the body; -1 if only its end tells. */
  #length = 0;
  /** Name, value, name, value ... */
  #headers: string[] | null = null;
  #isOwn = false;
  #bodiless = false;
  /** A small body that is still coming. */
  #gathered: Bytes | null = null;
  #have = 0;
  #stream: ReplyStream | null = null;
  #tunnel: Tunnel | null = null;
  #probes = 0;
  #listens = false;
  #left = false;

  constructor(
    request: Request,
    info: Deno.ServeHandlerInfo<Deno.NetAddr>,
    { owner, origin }: { readonly owner: ReplyOwner; readonly origin: Origin },
  ) {
    this.#request = request;
    this.#isHead = request.method === "HEAD";
    this.sent = info.completed;
    this.#owner = owner;
    if (origin.leavesEarly) this.#listen();
  }

  /** The response, once there is one. @param body The request's body, which is let go with the response. */
  response(body: ServeBody | null): Promise<Response> {
    this.#body = body;
    return new Promise((resolve) => this.#resolve = resolve);
  }

  /** The platform has no call for interim responses. */
  interim(): Promise<void> {
    return DONE;
  }

  /**
   * Listens for the client's leaving from the deadlines' second tick on (25 to 50 ms): most exchanges are over by then,
   * and the request's signal costs several microseconds to make. If the client left before, it tells at once (Deno 2.4:
   * never).
   */
  probe(): void {
    if (this.#left) return this.onLeft?.();
    if (++this.#probes === 2 && !this.#listens) this.#listen();
  }

  #listen(): void {
    this.#listens = true;
    this.#request?.signal.addEventListener("abort", () => {
      this.#left = true;
      this.onLeft?.();
    });
  }

  head(head: ResponseHead): number {
    this.begun = true;
    this.#length = head.bodyLength;
    this.#isOwn = head.lines === null;
    // Deno.serve can't frame a 205: it sends neither a length nor a close, and clients wait for ever. 204 says the same
    // of the body.
    const status = this.#status = head.status === 205 ? 204 : head.status;
    this.#bodiless = this.#isHead || status === 204 || status === 304;
    // The lines are the target's connection's, and gone when the body is read.
    const headers: string[] = this.#headers = [];
    head.lines?.forEach((name, value) => headers.push(name, value));
    for (let i = 0; i < head.own.length; i++) headers.push(head.own[i]![0].toLowerCase(), head.own[i]![1]);
    return status;
  }

  write(piece: Bytes): Promise<void> {
    if (this.#bodiless) return DONE;
    if (this.#stream === null && this.#length >= 0 && this.#length <= SMALL_BYTES) {
      this.#gather(piece);
      return DONE;
    }
    return this.#streamed().write(piece);
  }

  end(last: Bytes | null = null): Promise<void> {
    const body = this.#body;
    const ended = this.#end(last);
    // What the client still sends behind the response's end is not read.
    body?.cancel();
    return ended;
  }

  #end(last: Bytes | null): Promise<void> {
    const piece = this.#bodiless ? null : last;
    if (this.#stream !== null) return this.#stream.end(piece);
    if (this.#gathered === null) {
      this.#answer(this.#isHead && !this.#tellsLength() ? emptyStream() : piece);
    } else {
      if (piece !== null) this.#gather(piece);
      this.#answer(this.#gathered.subarray(0, this.#have));
    }
    return DONE;
  }

  flush(): void {
    if (this.#headers !== null && !this.#bodiless) this.#streamed();
  }

  cut(): void {
    if (this.#tunnel !== null) return this.#tunnel.cut();
    this.#body?.cancel();
    // The client sees what came before it broke off.
    if (this.#headers !== null) this.#tryStream();
    this.#stream?.cut();
  }

  async tunnel(head: ResponseHead, _protocol: string, target: TunnelEnd, events: TunnelEvents): Promise<void> {
    if (target.kind !== "messages") throw new TypeError("This engine passes messages");
    const told: [string, string][] = [];
    head.lines?.forEach((name, value) => told.push([name, value]));
    for (const [name, value] of head.own) told.push([name, value]);
    const { promise, resolve } = Promise.withResolvers<void>();
    const { clock } = this.#owner;
    const tunnel = this.#tunnel = new Tunnel(this.#request!, target.socket, {
      clock,
      idleTimeoutMs: this.#owner.idleTimeoutMs(),
      told,
      onBroken: (error) => events.failed(error),
      onClosed: ({ requestBytes, responseBytes, leftFirst, code }) => {
        events.moved("target", requestBytes);
        events.moved("client", responseBytes);
        // A close frame is an orderly end; a side that vanished without one has cut the tunnel.
        if (leftFirst === "idle" || code === null) events.broken(leftFirst);
        resolve();
      },
    });
    this.begun = true;
    // The platform tells nothing of the end of a connection that became a WebSocket.
    this.sent = null;
    this.#give(tunnel.client.response);
    this.#owner.opened(tunnel);
    await promise;
    this.#owner.closed(tunnel);
  }

  #gather(piece: Bytes): void {
    const place = this.#gathered ??= new Uint8Array(this.#length);
    place.set(piece, this.#have);
    this.#have += piece.length;
  }

  #streamed(): ReplyStream {
    if (this.#stream !== null) return this.#stream;
    const stream = this.#stream = new ReplyStream(
      this.#gathered?.subarray(0, this.#have) ?? null,
      () => this.onLeft?.(),
    );
    this.#gathered = null;
    this.#answer(stream.readable);
    return stream;
  }

  /** If the platform does not take the headers, the client gets an empty 500. */
  #tryStream(): void {
    try {
      this.#streamed();
    } catch {
      this.#give(new Response(null, { status: 500 }));
    }
  }

  /** Content-Length is among the headers, or the status tells that there is no body. */
  #tellsLength(): boolean {
    if (this.#status === 204 || this.#status === 304) return true;
    const headers = this.#headers!;
    for (let i = 0; i < headers.length; i += 2) if (headers[i] === "content-length") return true;
    return false;
  }

  /**
   * Makes the response. Headers are appended to one that was made without any: of headers given to the constructor the
   * platform builds its native form at once, registers that for finalization, and throws it away as soon as somebody
   * touches them (2.5 us a request, docs/performance.md).
   */
  #answer(body: BodyInit | null): void {
    const status = this.#status;
    const response = new Response(body, { status });
    const { headers } = response;
    const given = this.#headers!;
    for (let i = 0; i < given.length; i += 2) {
      if (status !== 204 || given[i] !== "content-length") headers.append(given[i]!, given[i + 1]!);
    }
    // What is left of a body that was not read whole, if it comes, is no next request (RFC 9112 section 9.6).
    const unread = this.#isOwn && this.#body !== null && this.#body.begun && !this.#body.done;
    if (this.#owner.sendsAway || (unread && !this.#asksToClose())) headers.set("connection", "close");
    this.#give(response);
  }

  /** The client says itself that its connection closes, and the platform repeats that to it. */
  #asksToClose(): boolean {
    return (this.#request!.headers.get("connection") ?? "").toLowerCase().includes("close");
  }

  /**
   * The platform tells of a response's end late, and until then everything that hangs on the request would be kept.
   * Measured, that was two thirds of what the garbage collector had to move to the old generation
   * (docs/performance.md).
   */
  #give(response: Response): void {
    const resolve = this.#resolve!;
    this.#resolve = this.#request = this.#headers = null;
    resolve(response);
  }
}

/**
 * The platform adds `Content-Length: 0` to a response without a body, which says something else than the response to
 * HEAD did.
 */
function emptyStream(): ReadableStream {
  return new ReadableStream({ pull: (controller) => controller.close() }, { highWaterMark: 0 });
}

const DONE = Promise.resolve();
