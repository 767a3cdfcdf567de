import type { HeadLimits } from "../../http1/request_head.ts";
import { FieldEncoder } from "../../http2/field_encoder.ts";
import { ErrorCode } from "../../http2/frame.ts";
import type { Watch } from "../../time/deadline.ts";
import type { ConnectionParts } from "../wire/client_connection.ts";
import type { ClientSocket } from "../wire/client_socket.ts";
import type { PieceTurns } from "../wire/piece_turns.ts";
import type { ReadRooms } from "../wire/read_rooms.ts";
import type { FramesOwner } from "./client_frames.ts";
import { Cost, FloodBudget } from "./flood_budget.ts";
import { FrameWriter, type WriterOwner } from "./frame_writer.ts";
import { Http2Error } from "./http2_error.ts";
import { Http2Request } from "./http2_request.ts";
import { Http2Stream, type StreamOwner } from "./http2_stream.ts";
import { OpenStreams } from "./open_streams.ts";
import { CONNECTION_WINDOW, FIRST_WINDOW, MOST_STREAMS, ownSettings } from "./own_settings.ts";
import { ReceiveWindow } from "./receive_window.ts";
import type { RequestFields } from "./request_fields.ts";

/** DATA frames smaller than this, if there was more to send, are no useful work: the client's window made them so. */
const LEAST_DATA = 1_024;

/**
 * If a client may send fewer bytes than this on all streams, it is told at once that it may send more. Else that goes
 * with something else: of two small writes, the second waits for the client's acknowledgement, since the platform's TLS
 * can't set TCP_NODELAY.
 */
const LEAST_LEFT = CONNECTION_WINDOW / 4;

/** What a session needs of its connection. */
export interface SessionOwner extends WriterOwner {
  readonly peer: string;
  /** No more requests are served. */
  readonly refuses: boolean;
  /** A request's head came. */
  headCame(bytes: number): void;
  /** The first stream is open, or the last one is closed. */
  busy(is: boolean): void;
  /** Some stream waits for the client to open a window, or none does any more. */
  stuck(is: boolean): void;
  /** The client has answered a ping of ours. */
  acknowledged(ping: number): void;
}

/** What a session works with. */
export type SessionParts = Pick<ConnectionParts, "handler" | "limits" | "deadlines" | "nowMs" | "rooms" | "broken">;

/** The streams of one connection, and what they share: windows, the header tables, what the client may cost. */
export class Http2Session implements FramesOwner, StreamOwner {
  readonly writer: FrameWriter;
  readonly streams = new OpenStreams();
  readonly received = new ReceiveWindow(CONNECTION_WINDOW);
  readonly #owner: SessionOwner;
  readonly #parts: SessionParts;
  readonly #encoder = new FieldEncoder();
  readonly #budget: FloodBudget;
  /** Streams whose requests have come, and are to be served. */
  #arrived: Http2Stream[] = [];
  /** Requests that are being served, those of closed streams too. */
  #served = 0;
  /** What the client lets be sent on a new stream. */
  #window = FIRST_WINDOW;
  /** Streams that wait for the client to open a window. */
  #stuck = 0;

  constructor(owner: SessionOwner, socket: ClientSocket, parts: SessionParts) {
    this.#owner = owner;
    this.#parts = parts;
    this.#budget = new FloodBudget(parts.nowMs());
    this.writer = new FrameWriter(owner, { socket, rooms: parts.rooms, encoder: this.#encoder });
  }

  get limits(): HeadLimits {
    return this.#parts.limits().head;
  }

  get reads(): ReadRooms {
    return this.#parts.rooms.reads;
  }

  get turns(): PieceTurns {
    return this.#parts.rooms.turns;
  }

  /** Requests whose heads have come, and that are not begun yet. */
  get arrived(): number {
    return this.#arrived.length;
  }

  /** Says what the client is told first. */
  greet(): void {
    this.writer.settings(ownSettings(this.limits));
    this.writer.windowUpdate(0, CONNECTION_WINDOW - FIRST_WINDOW);
  }

  /**
   * Has the requests served whose heads have come. Called behind all frames that came with them: a small body is here
   * whole then, and what the client took back at once costs nothing more.
   */
  begin(): void {
    if (this.#arrived.length === 0) return;
    const arrived = this.#arrived;
    this.#arrived = [];
    for (const stream of arrived) {
      if (stream.output.over) stream.release();
      else this.#serve(stream);
    }
  }

  /** The client is gone, or must be: ends all that is open. */
  end(): void {
    for (const stream of this.streams.all()) stream.left();
    this.begin();
  }

  opened(id: number, fields: RequestFields, ended: boolean): void {
    const { streams } = this;
    if (this.#owner.refuses || streams.size >= MOST_STREAMS || this.#served >= 2 * MOST_STREAMS) {
      this.spend(Cost.frame, "requests beyond those that may be open");
      if (!ended) streams.ignore(id);
      return this.writer.reset(id, ErrorCode.REFUSED_STREAM);
    }
    if (ended && fields.length > 0) fields.malformed ??= "sent a content-length, and no body";
    const stream = new Http2Stream(this, { id, window: this.#window, request: fields, ended });
    if (fields.malformed !== null) {
      this.spend(Cost.reset, "requests that break rules");
      stream.refuse();
    }
    streams.add(stream);
    this.#arrived.push(stream);
    this.#owner.headCame(fields.bytes);
    if (streams.size === 1) this.#owner.busy(true);
  }

  spend(cost: number, what: string): void {
    if (this.#budget.spend(cost, this.#parts.deadlines.nowMs)) return;
    throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, `sent too many ${what}`);
  }

  came(bytes: number): void {
    this.#budget.came(bytes);
  }

  passed(bytes: number): void {
    // It waits for something else to be written, as long as the client may still send much.
    if (bytes > 0 && this.received.pass(bytes) && this.received.left < LEAST_LEFT) this.openWindow();
  }

  openWindow(): void {
    if (this.received.isDue) this.writer.windowUpdate(0, this.received.open());
  }

  tableLimited(bytes: number): void {
    this.#encoder.limitTable(bytes);
  }

  windowsChanged(bytes: number): void {
    const by = bytes - this.#window;
    this.#window = bytes;
    for (const stream of this.streams.all()) {
      if (!stream.output.widen(by)) throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "opened windows too far");
    }
  }

  acknowledged(ping: number): void {
    this.#owner.acknowledged(ping);
  }

  watch(expired: () => void): Watch {
    const { deadlines, limits, nowMs } = this.#parts;
    return deadlines.watch(limits().bodyMs, nowMs(), expired);
  }

  rewatch(watch: Watch, begins: boolean): void {
    this.#parts.deadlines.restart(watch, begins ? this.#parts.limits().bodyMs : 0);
  }

  unwatch(watch: Watch): void {
    this.#parts.deadlines.close(watch);
  }

  moved(bytes: number, whole: boolean): void {
    if (whole || bytes >= LEAST_DATA) this.#budget.sent(bytes);
  }

  waits(begins: boolean): void {
    this.#stuck += begins ? 1 : -1;
    if (this.#stuck === (begins ? 1 : 0)) this.#owner.stuck(begins);
  }

  closed(stream: Http2Stream, answered: boolean): void {
    this.streams.remove(stream);
    if (answered) this.#budget.answered();
    this.openWindow();
    if (this.streams.size === 0) this.#owner.busy(false);
  }

  #serve(stream: Http2Stream): void {
    const { handler, broken } = this.#parts;
    const { request: fields } = stream;
    const { peer } = this.#owner;
    this.#served++;
    const detail = `the client ${fields.malformed}`;
    const served = fields.malformed === null
      ? handler.handle(new Http2Request(fields, peer, stream.body), stream, stream)
      : handler.refuse({ peer, reason: "bad_request", detail, method: fields.method }, stream);
    served.then(() => {
      this.#served--;
      stream.release();
    }, broken);
  }
}
