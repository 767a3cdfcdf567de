import type { Bytes } from "../../http1/bytes.ts";
import { CompressionError } from "../../http2/compression_error.ts";
import { FieldDecoder } from "../../http2/field_decoder.ts";
import { ErrorCode, FIRST_FRAME_BYTES, Flag, FrameType } from "../../http2/frame.ts";
import { LARGEST_WINDOW, Setting, settingsError, takeSettings } from "../../http2/settings.ts";
import type { HeadLimits } from "../../http1/request_head.ts";
import type { ClientSocket } from "../wire/client_socket.ts";
import { Cost } from "./flood_budget.ts";
import { FrameReader } from "./frame_reader.ts";
import type { FrameWriter } from "./frame_writer.ts";
import { HeaderBlock } from "./header_block.ts";
import { Http2Error } from "./http2_error.ts";
import type { Http2Stream } from "./http2_stream.ts";
import type { OpenStreams } from "./open_streams.ts";
import type { ReceiveWindow } from "./receive_window.ts";
import { RequestFields } from "./request_fields.ts";
import { TrailerFields } from "./trailer_fields.ts";

/** The client's header table, as large as it is if nobody says otherwise (SETTINGS_HEADER_TABLE_SIZE). */
const TABLE_BYTES = 4_096;

/** Data on a closed stream may have been on their way. Smaller pieces than this cost something all the same. */
const LEAST_DATA = 1_024;

/** What frames are for. */
export interface FramesOwner {
  readonly writer: FrameWriter;
  readonly streams: OpenStreams;
  /** What the client may still send on all streams. */
  readonly received: ReceiveWindow;
  readonly limits: HeadLimits;
  /** A request's head came. */
  opened(id: number, fields: RequestFields, ended: boolean): void;
  /** Takes the cost of what makes work for us alone; throws if it is too much. */
  spend(cost: number, what: string): void;
  /** Data came. */
  came(bytes: number): void;
  /** Data were dropped, or passed on. */
  passed(bytes: number): void;
  /** The client has another limit for its header table, or for the windows of streams. */
  tableLimited(bytes: number): void;
  windowsChanged(bytes: number): void;
  acknowledged(ping: number): void;
}

/** Takes a client's frames as RFC 9113 section 6 says. Throws {@linkcode Http2Error} if one ends the connection. */
export class ClientFrames {
  readonly reader: FrameReader;
  readonly #socket: ClientSocket;
  readonly #owner: FramesOwner;
  readonly #decoder = new FieldDecoder(TABLE_BYTES);
  readonly #block = new HeaderBlock();
  #begun = false;

  constructor(socket: ClientSocket, owner: FramesOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.reader = new FrameReader(socket);
  }

  /** A head has begun, and its end has not come. */
  get inHead(): boolean {
    return this.#block.stream !== 0;
  }

  /** Takes the frame that the reader has. */
  take(): void {
    const { type, stream } = this.reader;
    if (!this.#begun) this.#begin(type);
    if (this.#block.stream !== 0 && (type !== FrameType.CONTINUATION || stream !== this.#block.stream)) {
      throw broken("sent a frame between those of a header block");
    }
    switch (type) {
      case FrameType.DATA:
        return this.#data();
      case FrameType.HEADERS:
        return this.#headers();
      case FrameType.PRIORITY:
        return this.#priority();
      case FrameType.RST_STREAM:
        return this.#reset();
      case FrameType.SETTINGS:
        return this.#settings();
      case FrameType.PUSH_PROMISE:
        throw broken("sent a PUSH_PROMISE");
      case FrameType.PING:
        return this.#ping();
      case FrameType.GOAWAY:
        if (stream !== 0) throw broken("sent a GOAWAY on a stream");
        return this.#owner.spend(Cost.frame, "GOAWAY");
      case FrameType.WINDOW_UPDATE:
        return this.#windowUpdate();
      case FrameType.CONTINUATION:
        return this.#continuation();
      default:
        // Unknown types are passed over (RFC 9113 section 5.5).
        this.#owner.spend(Cost.frame, "frames of unknown types");
    }
  }

  /** The first frame of a client is its SETTINGS (RFC 9113 section 3.4). */
  #begin(type: number): void {
    if (type !== FrameType.SETTINGS || this.reader.has(Flag.ACK)) throw broken("sent no SETTINGS first");
    this.#begun = true;
  }

  #data(): void {
    const { reader } = this;
    const { streams, received } = this.#owner;
    const { stream: id, length } = reader;
    if (id === 0) throw broken("sent DATA on no stream");
    if (!received.take(length)) throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "sent more data than it may");
    reader.unpad();
    const stream = this.#known(id, "DATA");
    const ends = reader.has(Flag.END_STREAM);
    const data = reader.end - reader.start;
    if (data === 0 && !ends) this.#owner.spend(Cost.frame, "DATA without data");
    if (stream === null || !stream.remoteOpen || stream.ignores) {
      this.#owner.passed(length);
      if (data < LEAST_DATA) this.#owner.spend(Cost.frame, "DATA on closed streams");
      if (ends && stream !== null && stream.ignores) stream.remoteOpen = false;
      else if (stream === null ? !streams.ignores(id) : !stream.ignores) this.#refuse(id, ErrorCode.STREAM_CLOSED);
      return;
    }
    // Padding is passed over as soon as it has come.
    if (length > data) this.#owner.passed(length - data);
    if (!stream.allows(data)) {
      this.#owner.passed(data);
      this.#owner.spend(Cost.reset, "requests that break rules");
      return stream.abort(ErrorCode.FLOW_CONTROL_ERROR, "sent more data than it may");
    }
    const rule = stream.take(this.#socket.bytes, reader, ends);
    if (rule !== null) return this.#breakStream(stream, rule);
    this.#owner.came(data);
  }

  #headers(): void {
    const { reader } = this;
    const { stream: id } = reader;
    if (id === 0) throw broken("sent HEADERS on no stream");
    reader.unpad();
    reader.skipPriority();
    const ends = reader.has(Flag.END_STREAM);
    if (reader.has(Flag.END_HEADERS)) return this.#head(id, ends, this.#socket.bytes, reader.start, reader.end);
    this.#block.begin(id, ends);
    this.#extend();
  }

  #continuation(): void {
    const block = this.#block;
    if (block.stream === 0) throw broken("sent a CONTINUATION of nothing");
    this.#owner.spend(Cost.frame, "CONTINUATION");
    this.#extend();
    if (!this.reader.has(Flag.END_HEADERS)) return;
    const { stream, endsStream, bytes, length } = block;
    block.end();
    this.#head(stream, endsStream, bytes, 0, length);
  }

  #extend(): void {
    const { reader } = this;
    this.#block.add(this.#socket.bytes, reader.start, reader.end);
    // What is larger in its compressed form than it may be in plain text is not read to its end.
    if (this.#block.length > this.#owner.limits.bytes + FIRST_FRAME_BYTES) {
      throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "sent a head that does not end");
    }
  }

  /** Takes a whole header block: of a request, or of its trailers. */
  #head(id: number, ends: boolean, bytes: Bytes, start: number, end: number): void {
    const { streams } = this.#owner;
    if (id > streams.lastId) {
      if ((id & 1) === 0) throw broken("opened a stream of the server's");
      streams.lastId = id;
      const fields = new RequestFields(this.#owner.limits);
      this.#decode(bytes, start, end, fields);
      fields.end();
      return this.#owner.opened(id, fields, ends);
    }
    const trailers = new TrailerFields();
    this.#decode(bytes, start, end, trailers);
    const stream = streams.find(id);
    if (stream === null ? streams.ignores(id) : stream.ignores) {
      // Trailers that were on their way, once; a block can be long to decode.
      this.#owner.spend(Cost.reset, "HEADERS on closed streams");
      if (stream !== null && ends) stream.remoteOpen = false;
      return;
    }
    if (stream === null || !stream.remoteOpen) {
      throw new Http2Error(ErrorCode.STREAM_CLOSED, "sent HEADERS on a stream that it had closed");
    }
    if (!ends) return this.#breakStream(stream, "sent HEADERS in the midst of a body");
    const rule = trailers.malformed ?? stream.takeTrailers(trailers.bytes);
    if (rule !== null) this.#breakStream(stream, rule);
  }

  #decode(bytes: Bytes, start: number, end: number, fields: { take(name: string, value: string): void }): void {
    try {
      this.#decoder.decode(bytes, start, end, (name, value) => fields.take(name, value));
    } catch (error) {
      if (!(error instanceof CompressionError)) throw error;
      throw new Http2Error(ErrorCode.COMPRESSION_ERROR, "sent a header block that can't be read");
    }
  }

  #priority(): void {
    if (this.reader.stream === 0) throw broken("sent a PRIORITY on no stream");
    if (this.reader.length !== 5) throw sized("PRIORITY");
    this.#owner.spend(Cost.frame, "PRIORITY");
  }

  #reset(): void {
    const { stream: id, length } = this.reader;
    if (length !== 4) throw sized("RST_STREAM");
    if (id === 0) throw broken("sent a RST_STREAM on no stream");
    const stream = this.#known(id, "RST_STREAM");
    this.#owner.spend(Cost.reset, "RST_STREAM");
    stream?.left();
  }

  #settings(): void {
    const { reader } = this;
    if (reader.stream !== 0) throw broken("sent SETTINGS on a stream");
    if (reader.has(Flag.ACK)) {
      if (reader.length !== 0) throw sized("SETTINGS");
      return this.#owner.spend(Cost.frame, "SETTINGS");
    }
    const { bytes } = this.#socket;
    const code = settingsError(bytes, reader.start, reader.end);
    if (code !== ErrorCode.NO_ERROR) throw new Http2Error(code, "sent SETTINGS that are not valid");
    this.#owner.spend(Cost.settings, "SETTINGS");
    takeSettings(bytes, reader.start, reader.end, (id, value) => {
      if (id === Setting.HEADER_TABLE_SIZE) this.#owner.tableLimited(value);
      else if (id === Setting.INITIAL_WINDOW_SIZE) this.#owner.windowsChanged(value);
    });
    this.#owner.writer.settingsAck();
  }

  #ping(): void {
    const { reader } = this;
    if (reader.stream !== 0) throw broken("sent a PING on a stream");
    if (reader.length !== 8) throw sized("PING");
    this.#owner.spend(Cost.frame, "PING");
    if (reader.has(Flag.ACK)) return this.#owner.acknowledged(reader.word(0));
    this.#owner.writer.pingAck(this.#socket.bytes, reader.start);
  }

  #windowUpdate(): void {
    const { reader } = this;
    const { stream: id } = reader;
    if (reader.length !== 4) throw sized("WINDOW_UPDATE");
    const by = reader.word(0) & 0x7fff_ffff;
    this.#owner.spend(Cost.frame, "WINDOW_UPDATE");
    if (id === 0) {
      if (by === 0) throw broken("opened a window by nothing");
      const { writer } = this.#owner;
      if (writer.window + by > LARGEST_WINDOW) {
        throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "opened the window of its connection too far");
      }
      return writer.widen(by);
    }
    const stream = this.#known(id, "WINDOW_UPDATE");
    if (stream === null) return;
    if (by === 0) this.#breakStream(stream, "opened a window by nothing");
    else if (!stream.output.widen(by)) {
      this.#breakStream(stream, "opened the window of a stream too far", ErrorCode.FLOW_CONTROL_ERROR);
    }
  }

  /** Finds the stream of a frame; null if it is closed. */
  #known(id: number, what: string): Http2Stream | null {
    if (id > this.#owner.streams.lastId || (id & 1) === 0) throw broken(`sent ${what} on a stream that is not open`);
    return this.#owner.streams.find(id);
  }

  #breakStream(stream: Http2Stream, rule: string, code: number = ErrorCode.PROTOCOL_ERROR): void {
    this.#owner.spend(Cost.reset, "requests that break rules");
    stream.break(code, rule);
  }

  #refuse(id: number, code: number): void {
    const stream = this.#owner.streams.find(id);
    if (stream !== null) return this.#breakStream(stream, "sent a frame that it may not send on its stream", code);
    this.#owner.spend(Cost.frame, "frames on closed streams");
    this.#owner.streams.ignore(id);
    this.#owner.writer.reset(id, code);
  }
}

function broken(rule: string): Http2Error {
  return new Http2Error(ErrorCode.PROTOCOL_ERROR, rule);
}

function sized(what: string): Http2Error {
  return new Http2Error(ErrorCode.FRAME_SIZE_ERROR, `sent ${what} of a wrong size`);
}
