/** Requests of HTTP/2 that break a rule, and some that only look so, by section of RFC 9113. */
import {
  Code,
  Flag,
  frame,
  FrameType,
  get,
  headerBlock,
  joined,
  requestLines,
  settings,
  word,
} from "./http2_client.ts";
import { BYTES, data, HEAD, headers, OPEN, padded, type RuleTrial, WHOLE } from "./http2_trial.ts";

const lines = (more: readonly [string, string][]): Uint8Array =>
  headers(WHOLE, 1, headerBlock([...requestLines("/"), ...more]));
const only = (...fields: readonly [string, string][]): Uint8Array => headers(WHOLE, 1, headerBlock(fields));
const [METHOD, SCHEME, PATH, AUTHORITY] = requestLines("/") as [
  [string, string],
  [string, string],
  [string, string],
  [string, string],
];

function upload(length: string, ...frames: readonly Uint8Array[]): Uint8Array[] {
  const block = headerBlock([...requestLines("/", { method: "POST" }), ["content-length", length]]);
  return [headers(Flag.endHeaders, 1, block), ...frames];
}

/** Requests that break a rule: the stream 1 is reset, and no target hears of it. */
export const MALFORMED_REQUESTS: readonly RuleTrial[] = [
  {
    title: "8.1: HEADERS in the midst of a body",
    frames: [OPEN, headers(Flag.endHeaders, 1, headerBlock([["x-a", "1"]]))],
  },
  { title: "8.1: a pseudo-header field in trailers", frames: [OPEN, headers(WHOLE, 1, headerBlock([[":path", "/"]]))] },
  { title: "8.2.1: a capital in a name", frames: [lines([["X-A", "1"]])] },
  { title: "8.2.1: a blank in a name", frames: [lines([["x a", "1"]])] },
  { title: "8.2.1: a colon in a name", frames: [lines([["x:a", "1"]])] },
  { title: "8.2.1: an empty name", frames: [lines([["", "1"]])] },
  { title: "8.2.1: a name of bytes above 127", frames: [lines([["x-é", "1"]])] },
  { title: "8.2.1: a line feed in a value", frames: [lines([["x-a", "1\nx-b: 2"]])] },
  { title: "8.2.1: a carriage return in a value", frames: [lines([["x-a", "1\rx-b: 2"]])] },
  { title: "8.2.1: a NUL in a value", frames: [lines([["x-a", "1\0"]])] },
  { title: "8.2.1: a line break in :path", frames: [only(METHOD, SCHEME, [":path", "/ HTTP/1.1\r\nx: y"], AUTHORITY)] },
  { title: "8.2.1: a blank in :path", frames: [only(METHOD, SCHEME, [":path", "/a b"], AUTHORITY)] },
  { title: "8.2.1: a line break in :method", frames: [only([":method", "GET\r\n"], SCHEME, PATH, AUTHORITY)] },
  { title: "8.2.1: a line break in :authority", frames: [only(METHOD, SCHEME, PATH, [":authority", "a\r\nb: c"])] },
  ...["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"].map((name) => ({
    title: `8.2.2: ${name}`,
    frames: [lines([[name, name === "transfer-encoding" ? "chunked" : "x-a"]])],
  })),
  { title: "8.2.2: te: gzip", frames: [lines([["te", "gzip"]])] },
  { title: "8.2.2: te: trailers, gzip", frames: [lines([["te", "trailers, gzip"]])] },
  { title: "8.3: an unknown pseudo-header field", frames: [only(METHOD, SCHEME, PATH, AUTHORITY, [":test", "1"])] },
  {
    title: "8.3: a pseudo-header field of responses",
    frames: [only(METHOD, SCHEME, PATH, AUTHORITY, [":status", "200"])],
  },
  { title: "8.3: a pseudo-header field behind others", frames: [only(METHOD, SCHEME, ["x-a", "1"], PATH, AUTHORITY)] },
  { title: "8.3.1: no :method", frames: [only(SCHEME, PATH, AUTHORITY)] },
  { title: "8.3.1: no :scheme", frames: [only(METHOD, PATH, AUTHORITY)] },
  { title: "8.3.1: no :path", frames: [only(METHOD, SCHEME, AUTHORITY)] },
  { title: "8.3.1: an empty :path", frames: [only(METHOD, SCHEME, [":path", ""], AUTHORITY)] },
  { title: "8.3.1: two :methods", frames: [only(METHOD, METHOD, SCHEME, PATH, AUTHORITY)] },
  { title: "8.3.1: two :schemes", frames: [only(METHOD, SCHEME, SCHEME, PATH, AUTHORITY)] },
  { title: "8.3.1: two :paths", frames: [only(METHOD, SCHEME, PATH, PATH, AUTHORITY)] },
  { title: "8.3.1: two :authorities", frames: [only(METHOD, SCHEME, PATH, AUTHORITY, AUTHORITY)] },
  { title: "8.1.1: a body that should have come", frames: [lines([["content-length", "5"]])] },
  { title: "8.1.1: a body shorter than its content-length", frames: upload("5", data(Flag.endStream, 1, BYTES(4))) },
  {
    title: "8.1.1: a body longer than its content-length",
    frames: upload("5", data(0, 1, BYTES(3)), data(0, 1, BYTES(3))),
  },
  { title: "8.1.1: a body where there should be none", frames: upload("0", data(Flag.endStream, 1, BYTES(1))) },
  {
    title: "8.1.1: trailers before the body is whole",
    frames: upload("5", headers(WHOLE, 1, headerBlock([["x-a", "1"]]))),
  },
  { title: "8.1.1: two content-lengths", frames: [lines([["content-length", "0"], ["content-length", "1"]])] },
  { title: "8.1.1: a content-length that is none", frames: [lines([["content-length", "+0"]])] },
].map((trial) => ({ resets: [Code.protocol], ...trial }));

const CUT = [HEAD.slice(0, 3), HEAD.slice(3, 20), HEAD.slice(20)] as const;

/** What is in order, or must be passed over; the stream 1 has a response of 200. */
export const ALLOWED: readonly RuleTrial[] = [
  { title: "4.1: a reserved bit before the stream", frames: [get(0x8000_0001, "/")] },
  { title: "4.1: flags that nobody knows", frames: [headers(WHOLE | 0xc2, 1, HEAD)] },
  {
    title: "5.5: a frame of an unknown type",
    frames: [frame(0x16, 255, 0, BYTES(100)), frame(0x99, 0, 7), get(1, "/")],
  },
  {
    title: "6.1: DATA with padding",
    frames: upload("3", data(Flag.endStream | Flag.padded, 1, padded(7, BYTES(3), BYTES(7)))),
  },
  {
    title: "6.1: DATA that is padding alone",
    frames: upload("3", data(Flag.padded, 1, padded(7, BYTES(0), BYTES(7))), data(Flag.endStream, 1, BYTES(3))),
  },
  { title: "6.2: HEADERS with padding", frames: [headers(WHOLE | Flag.padded, 1, padded(9, HEAD, BYTES(9)))] },
  {
    title: "6.2: HEADERS with priority and padding",
    frames: [headers(WHOLE | Flag.padded | Flag.priority, 1, padded(2, joined(BYTES(5), HEAD), BYTES(2)))],
  },
  {
    title: "5.3: a stream that depends on itself",
    frames: [headers(WHOLE | Flag.priority, 1, joined(word(1), new Uint8Array([15]), HEAD))],
  },
  {
    title: "5.3: PRIORITY on streams that are idle or closed",
    frames: [frame(FrameType.priority, 0, 9, BYTES(5)), get(1, "/"), frame(FrameType.priority, 0, 1, BYTES(5))],
  },
  { title: "6.5.2: a setting that nobody knows", frames: [settings([0xfe, 1], [0, 0], [8, 1]), get(1, "/")] },
  {
    title: "6.8: GOAWAY of a client that still has a request",
    frames: [frame(FrameType.goAway, 0, 0, BYTES(8)), get(1, "/")],
  },
  {
    title: "6.10: a header block in many frames",
    frames: [
      headers(Flag.endStream, 1, CUT[0]),
      frame(FrameType.continuation, 0, 1, CUT[1]),
      frame(FrameType.continuation, 0, 1),
      frame(FrameType.continuation, Flag.endHeaders, 1, CUT[2]),
    ],
  },
  { title: "8.1: trailers", frames: upload("1", data(0, 1, BYTES(1)), headers(WHOLE, 1, headerBlock([["x-a", "1"]]))) },
  { title: "8.1: trailers without fields", frames: upload("1", data(0, 1, BYTES(1)), headers(WHOLE, 1, BYTES(0))) },
  { title: "8.2.2: te: trailers", frames: [lines([["te", "trailers"]])] },
  { title: "8.3.1: Host and no :authority", frames: [only(METHOD, SCHEME, PATH, ["host", "localhost"])] },
  {
    title: "RFC 7541 4.2: changes of the header table's size",
    frames: [headers(WHOLE, 1, joined(new Uint8Array([0x20, 0x3f, 0xe1, 0x1f]), HEAD))],
  },
];
