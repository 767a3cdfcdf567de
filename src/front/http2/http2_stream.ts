import type { BodyBroken } from "../../http1/body_source.ts";
import type { Bytes } from "../../http1/bytes.ts";
import { hasNoBody } from "../../http1/framing.ts";
import type { TunnelEnd } from "../../http1/tunnel_end.ts";
import { ErrorCode } from "../../http2/frame.ts";
import type { Watch } from "../../time/deadline.ts";
import type { ClientEvents } from "../front.ts";
import type { Reply, ResponseHead, TunnelEvents } from "../reply.ts";
import type { PieceTurns } from "../wire/piece_turns.ts";
import type { ReadRooms } from "../wire/read_rooms.ts";
import { STREAM_WINDOW } from "./own_settings.ts";
import { ReceiveWindow } from "./receive_window.ts";
import type { RequestFields } from "./request_fields.ts";
import { StreamBody, type StreamBodyOwner } from "./stream_body.ts";
import { type OutputEvents, type OutputOwner, StreamOutput } from "./stream_output.ts";

/** What a stream needs of its connection. */
export interface StreamOwner extends OutputOwner {
  readonly reads: ReadRooms;
  readonly turns: PieceTurns;
  /** So many bytes of a body were passed on, or dropped. */
  passed(bytes: number): void;
  /** Something is written now: the connection's window is opened with it, if that is due. */
  openWindow(): void;
  /** Begins LISTENER_BODY_TIMEOUT for a stream. */
  watch(expired: () => void): Watch;
  /** Begins it again, or stops it. */
  rewatch(watch: Watch, begins: boolean): void;
  unwatch(watch: Watch): void;
  /** Both sides of the stream are closed. @param answered The response was sent whole. */
  closed(stream: Http2Stream, answered: boolean): void;
}

/**
 * One stream: a request, and the response to it (RFC 9113 section 5.1). Our side is open until END_STREAM or RST_STREAM
 * is written, the client's until one of them came.
 */
export class Http2Stream implements Reply, ClientEvents, StreamBodyOwner, OutputEvents {
  readonly id: number;
  readonly sent = null;
  readonly stillReads = true;
  readonly halfClosed = false;
  begun = false;
  onLeft: (() => void) | null = null;
  readonly request: RequestFields;
  /** The request's body; null if it ended with its head. */
  readonly body: StreamBody | null;
  readonly output: StreamOutput;
  /** The client may send more. */
  remoteOpen: boolean;
  /** What the client still sends is dropped: we have reset the stream, or are about to. */
  ignores = false;
  readonly #owner: StreamOwner;
  /** What the client may still send. */
  readonly #received = new ReceiveWindow(STREAM_WINDOW);
  /** Bytes of the body that have come. */
  #bodyBytes = 0;
  #bodiless = false;
  #answered = false;
  #watch: Watch | null = null;

  /** @param window What the client lets be sent at first. @param ended The request has no body. */
  constructor(
    owner: StreamOwner,
    { id, window, request, ended }: {
      readonly id: number;
      readonly window: number;
      readonly request: RequestFields;
      readonly ended: boolean;
    },
  ) {
    this.#owner = owner;
    this.id = id;
    this.request = request;
    this.remoteOpen = !ended;
    this.body = ended ? null : new StreamBody(this);
    this.output = new StreamOutput(owner, { id, window, events: this });
  }

  get rooms(): ReadRooms {
    return this.#owner.reads;
  }

  probe(): void {
    // A client that leaves resets its stream, or its connection ends: reading goes on all the time.
  }

  waiting(begins: boolean): void {
    if (this.#watch === null) this.#watch = this.#owner.watch(this.#bodyExpired);
    else this.#owner.rewatch(this.#watch, begins);
  }

  passed(bytes: number): void {
    this.#owner.passed(bytes);
    if (this.#received.pass(bytes) && this.#wantsMore && !this.output.over) this.output.openWindow();
  }

  opensBy(): number {
    this.#owner.openWindow();
    return this.remoteOpen ? this.#received.open() : 0;
  }

  /** The request broke a rule: behind its response the stream is reset. */
  refuse(): void {
    this.ignores = true;
    this.output.endWith(ErrorCode.PROTOCOL_ERROR);
  }

  /** Tells whether the client may send so many bytes. */
  allows(bytes: number): boolean {
    return this.#received.take(bytes);
  }

  /** Takes data of the request, where a frame has them; returns which rule that breaks. @param ends It ends there. */
  take(bytes: Bytes, { start, end }: { readonly start: number; readonly end: number }, ends: boolean): string | null {
    const count = end - start;
    this.#bodyBytes += count;
    const { length } = this.request;
    const fits = length < 0 || (ends ? this.#bodyBytes === length : this.#bodyBytes <= length);
    if (!fits) {
      this.#owner.passed(count);
      return OTHER_LENGTH;
    }
    if (count > 0) this.body!.push(bytes, start, end);
    if (ends) this.#endRequest(null);
    return null;
  }

  /** The trailers of the request came, and with them its end; returns which rule that breaks. */
  takeTrailers(trailers: Bytes | null): string | null {
    const { length } = this.request;
    if (length >= 0 && this.#bodyBytes !== length) return OTHER_LENGTH;
    this.#endRequest(trailers);
    return null;
  }

  /** The client has reset it, or its connection is gone. */
  left(): void {
    this.remoteOpen = false;
    this.output.close();
    this.#tell("left", "The client took its request back");
    this.#close();
  }

  /** Ends it for a rule that the client broke. */
  break(code: number, rule: string): void {
    if (this.output.over) return;
    if (this.begun || this.body === null) return this.abort(code, rule);
    this.ignores = true;
    // Who reads the body responds.
    this.output.endWith(code);
    this.body.break("malformed", `The client ${rule}`);
  }

  /** Ends it for a rule that the client broke, without a response. */
  abort(code: number, rule: string): void {
    if (this.output.over) return;
    this.ignores = true;
    this.output.reset(code);
    this.#tell("malformed", `The client ${rule}`);
  }

  async interim(head: ResponseHead): Promise<void> {
    if (!this.output.over && !this.begun) await this.output.interim(head);
  }

  head(head: ResponseHead): number {
    this.begun = true;
    this.#bodiless = hasNoBody(head.status, this.request.method);
    this.output.head(head);
    return head.status;
  }

  tunnel(_head: ResponseHead, _protocol: string, _target: TunnelEnd, _events: TunnelEvents): Promise<void> {
    throw new TypeError("A stream of HTTP/2 switches to no other protocol");
  }

  flush(): void {
    if (!this.output.over) this.output.flush();
  }

  write(piece: Bytes): Promise<void> {
    if (this.#bodiless || piece.length === 0) return DONE;
    const sent = this.output.write(piece);
    const turn = this.#owner.turns.spend(piece.length);
    return turn === null ? sent : sent.then(() => turn);
  }

  end(last: Bytes | null = null, trailers: Bytes | null = null): Promise<void> {
    if (this.#bodiless) return this.output.end(null, null);
    const takesTrailers = this.request.takesTrailers && trailers !== null && trailers.length > 0;
    return this.output.end(last === null || last.length === 0 ? null : last, takesTrailers ? trailers : null);
  }

  cut(): void {
    if (this.output.over) return;
    this.ignores = true;
    // Who cuts it knows.
    this.onLeft = null;
    this.output.reset(ErrorCode.INTERNAL_ERROR);
    this.#tell("left", "The response was broken off");
  }

  answered(): boolean {
    this.#answered = true;
    if (this.remoteOpen) {
      this.ignores = true;
      return false;
    }
    this.#close();
    return true;
  }

  wasReset(): void {
    this.remoteOpen = false;
    this.#close();
  }

  /** Lets go of what it holds, once its request is served and the stream is closed. */
  release(): void {
    if (this.body !== null) this.#owner.passed(this.body.release(this.body.done && this.#answered));
  }

  /**
   * More of the body is to come than the client may send. Without TCP_NODELAY, which the platform's TLS can't set, a
   * frame that nobody needs makes the response behind it wait for the client's acknowledgement, 40 ms.
   */
  get #wantsMore(): boolean {
    const { length } = this.request;
    return this.remoteOpen && (length < 0 || length - this.#bodyBytes > this.#received.left);
  }

  #endRequest(trailers: Bytes | null): void {
    this.remoteOpen = false;
    this.body!.end(trailers);
  }

  /** Tells the exchange that the stream is over before its time. */
  #tell(how: BodyBroken["how"], why: string): void {
    this.body?.break(how, why);
    const call = this.onLeft;
    this.onLeft = null;
    call?.();
  }

  #close(): void {
    if (this.#watch !== null) this.#owner.unwatch(this.#watch);
    this.#owner.closed(this, this.#answered);
  }

  readonly #bodyExpired = (): void => this.body?.break("timeout", "The client sent nothing more of its body");
}

const OTHER_LENGTH = "sent a body of another length than its content-length";
const DONE = Promise.resolve();
