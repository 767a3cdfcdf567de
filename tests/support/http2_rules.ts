/** What a client of HTTP/2 may not send on a connection or a stream, by section of RFC 9113. */
import { Code, Flag, frame, FrameType, get, joined, PREFACE, Setting, settings, word } from "./http2_client.ts";
import { BYTES, data, HANGS, HEAD, headers, OPEN, padded, type RuleTrial, WHOLE } from "./http2_trial.ts";

const { protocol, frameSize, flowControl, streamClosed, compression } = Code;

/** Errors of the connection. */
export const CONNECTION_ERRORS: readonly RuleTrial[] = [
  { title: "3.4: another preface", begin: [new TextEncoder().encode("INVALID CONNECTION PREFACE\r\n\r\n")] },
  {
    title: "3.4: a request of HTTP/1.1",
    begin: [new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")],
  },
  { title: "3.4: a PING before SETTINGS", begin: [PREFACE, frame(FrameType.ping, 0, 0, BYTES(8))] },
  { title: "3.4: an acknowledgement before SETTINGS", begin: [PREFACE, frame(FrameType.settings, Flag.ack, 0)] },
  { title: "4.2: DATA of 16,385 bytes", frames: [OPEN, data(0, 1, BYTES(16_385))], ends: [frameSize] },
  { title: "4.2: a PING of 16 MB", frames: [frame(FrameType.ping, 0, 0, BYTES(0)).with(0, 255)], ends: [frameSize] },
  { title: "4.3: a block that can't be read", frames: [headers(WHOLE, 1, word(0xffff_ffff))], ends: [compression] },
  { title: "4.3: an index that nothing has", frames: [headers(WHOLE, 1, new Uint8Array([0xc6]))], ends: [compression] },
  {
    title: "4.3: a header table larger than allowed",
    frames: [headers(WHOLE, 1, joined(new Uint8Array([0x3f, 0xe2, 0x1f]), HEAD))],
    ends: [compression],
  },
  {
    title: "4.3: trailers that can't be read",
    frames: [OPEN, headers(WHOLE, 1, word(0xffff_ffff))],
    ends: [compression],
  },
  { title: "5.1: DATA on an idle stream", frames: [data(Flag.endStream, 1, BYTES(1))] },
  { title: "5.1: RST_STREAM on an idle stream", frames: [frame(FrameType.reset, 0, 1, word(8))] },
  { title: "5.1: WINDOW_UPDATE on an idle stream", frames: [frame(FrameType.windowUpdate, 0, 1, word(1))] },
  { title: "5.1: CONTINUATION on an idle stream", frames: [frame(FrameType.continuation, Flag.endHeaders, 1, HEAD)] },
  {
    title: "5.1: HEADERS on a stream that ended with its reset",
    frames: [HANGS, frame(FrameType.reset, 0, 1, word(8)), headers(WHOLE, 1, HEAD)],
    ends: [streamClosed, protocol],
  },
  { title: "5.1.1: HEADERS on an even stream", frames: [get(2, "/")] },
  {
    title: "5.1.1: a stream below the last one",
    frames: [get(5, "/hang"), get(3, "/")],
    ends: [protocol, streamClosed],
  },
  {
    title: "5.5: a frame of an unknown type inside a header block",
    frames: [headers(Flag.endStream, 1, HEAD), frame(0x16, 0, 0, BYTES(8))],
  },
  { title: "6.1: DATA on no stream", frames: [data(0, 0, BYTES(8))] },
  {
    title: "6.1: DATA with more padding than payload",
    frames: [OPEN, data(Flag.padded, 1, padded(5, BYTES(1), BYTES(3)))],
  },
  {
    title: "6.1: DATA that should have padding and is empty",
    frames: [OPEN, data(Flag.padded, 1, BYTES(0))],
    ends: [protocol, frameSize],
  },
  { title: "6.2: HEADERS on no stream", frames: [headers(WHOLE, 0, HEAD)] },
  {
    title: "6.2: HEADERS with more padding than payload",
    frames: [headers(WHOLE | Flag.padded, 1, joined(new Uint8Array([255]), HEAD))],
  },
  {
    title: "6.2: HEADERS too short for its priority",
    frames: [headers(WHOLE | Flag.priority, 1, BYTES(4))],
    ends: [frameSize],
  },
  {
    title: "6.2: PRIORITY inside a header block",
    frames: [headers(Flag.endStream, 1, HEAD), frame(FrameType.priority, 0, 1, BYTES(5))],
  },
  {
    title: "6.2: HEADERS inside the header block of another stream",
    frames: [headers(Flag.endStream, 1, HEAD), get(3, "/")],
  },
  { title: "6.2: DATA inside a header block", frames: [headers(0, 1, HEAD), data(Flag.endStream, 1, BYTES(1))] },
  { title: "6.3: PRIORITY on no stream", frames: [frame(FrameType.priority, 0, 0, BYTES(5))] },
  { title: "6.4: RST_STREAM on no stream", frames: [frame(FrameType.reset, 0, 0, word(8))] },
  { title: "6.4: RST_STREAM of 3 bytes", frames: [HANGS, frame(FrameType.reset, 0, 1, BYTES(3))], ends: [frameSize] },
  { title: "6.5: SETTINGS on a stream", frames: [frame(FrameType.settings, 0, 1)] },
  {
    title: "6.5: an acknowledgement with a payload",
    frames: [frame(FrameType.settings, Flag.ack, 0, BYTES(6))],
    ends: [frameSize],
  },
  { title: "6.5: SETTINGS of 5 bytes", frames: [frame(FrameType.settings, 0, 0, BYTES(5))], ends: [frameSize] },
  { title: "6.5.2: ENABLE_PUSH of 2", frames: [settings([Setting.push, 2])] },
  { title: "6.5.2: a window of 2 GiB", frames: [settings([Setting.window, 2 ** 31])], ends: [flowControl] },
  { title: "6.5.2: frames of 16,383 bytes", frames: [settings([Setting.frameSize, 16_383])] },
  { title: "6.5.2: frames of 16 MiB", frames: [settings([Setting.frameSize, 2 ** 24])] },
  {
    title: "6.6: PUSH_PROMISE",
    frames: [OPEN, frame(FrameType.pushPromise, Flag.endHeaders, 1, joined(word(2), HEAD))],
  },
  { title: "6.7: PING on a stream", frames: [frame(FrameType.ping, 0, 1, BYTES(8))] },
  { title: "6.7: PING of 7 bytes", frames: [frame(FrameType.ping, 0, 0, BYTES(7))], ends: [frameSize] },
  { title: "6.8: GOAWAY on a stream", frames: [frame(FrameType.goAway, 0, 1, BYTES(8))] },
  { title: "6.9: WINDOW_UPDATE by 0 on the connection", frames: [frame(FrameType.windowUpdate, 0, 0, word(0))] },
  {
    title: "6.9: WINDOW_UPDATE of 3 bytes",
    frames: [frame(FrameType.windowUpdate, 0, 0, BYTES(3))],
    ends: [frameSize],
  },
  {
    title: "6.9.1: a window of the connection beyond 2 GiB",
    frames: [frame(FrameType.windowUpdate, 0, 0, word(2 ** 31 - 1))],
    ends: [flowControl],
  },
  {
    title: "6.9.2: SETTINGS that open a stream's window beyond 2 GiB",
    frames: [HANGS, frame(FrameType.windowUpdate, 0, 1, word(1000)), settings([Setting.window, 2 ** 31 - 1])],
    ends: [flowControl],
  },
  {
    title: "6.10: CONTINUATION behind a whole block",
    frames: [HANGS, frame(FrameType.continuation, Flag.endHeaders, 1, HEAD)],
  },
  {
    title: "6.10: CONTINUATION of another stream",
    frames: [headers(Flag.endStream, 1, HEAD), frame(FrameType.continuation, Flag.endHeaders, 3)],
  },
  {
    title: "6.10: CONTINUATION behind DATA",
    frames: [OPEN, data(0, 1, BYTES(1)), frame(FrameType.continuation, Flag.endHeaders, 1, HEAD)],
  },
].map((trial) => ({ frames: [], ends: [protocol], ...trial }));

/** Errors of a stream whose request is in order. */
export const STREAM_ERRORS: readonly RuleTrial[] = [
  {
    title: "5.1: DATA behind the end of a stream",
    frames: [HANGS, data(Flag.endStream, 1, BYTES(1))],
    resets: [streamClosed],
  },
  {
    title: "5.1: HEADERS behind the end of a stream",
    frames: [HANGS, headers(WHOLE, 1, HEAD)],
    resets: [streamClosed],
  },
  {
    title: "6.3: PRIORITY of 4 bytes",
    frames: [HANGS, frame(FrameType.priority, 0, 1, BYTES(4))],
    resets: [frameSize],
  },
  {
    title: "6.9: WINDOW_UPDATE by 0 on a stream",
    frames: [HANGS, frame(FrameType.windowUpdate, 0, 1, word(0))],
    resets: [protocol],
  },
  {
    title: "6.9.1: a window of a stream beyond 2 GiB",
    frames: [HANGS, frame(FrameType.windowUpdate, 0, 1, word(2 ** 31 - 1))],
    resets: [flowControl],
  },
];
