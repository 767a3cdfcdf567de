import assert from "node:assert/strict";
import {
  ErrorCode,
  Flag,
  FRAME_HEADER_BYTES,
  frameFlags,
  frameLength,
  frameStream,
  FrameType,
  frameType,
  PREFACE,
  putFrameHeader,
  readWord,
} from "../../../src/http2/frame.ts";
import { Setting } from "../../../src/http2/settings.ts";
import {
  putGoAway,
  putPingAck,
  putReset,
  putSettings,
  putSettingsAck,
  putWindowUpdate,
  SMALL_FRAME_ROOM,
} from "../../../src/http2/small_frames.ts";
import type { Bytes } from "../../../src/http1/bytes.ts";
import { hexBytes, hexText } from "../../support/hex_bytes.ts";

/** What a function writes, between two bytes that must stay. */
function written(put: (to: Bytes, at: number) => number): string {
  const bytes = new Uint8Array(80).fill(0xee);
  const end = put(bytes, 1);
  assert.equal(bytes[0], 0xee);
  assert.equal(bytes[end], 0xee);
  return hexText(bytes.subarray(1, end));
}

Deno.test("the header of a frame is read as it was written, with its largest numbers", () => {
  const bytes = new Uint8Array(20);
  const end = putFrameHeader(bytes, 3, 0xffffff, FrameType.CONTINUATION, Flag.END_HEADERS, 0x7fffffff);
  assert.equal(end, 3 + FRAME_HEADER_BYTES);
  assert.equal(hexText(bytes.subarray(3, end)), "ffffff09047fffffff");
  assert.equal(frameLength(bytes, 3), 0xffffff);
  assert.equal(frameType(bytes, 3), FrameType.CONTINUATION);
  assert.equal(frameFlags(bytes, 3), Flag.END_HEADERS);
  assert.equal(frameStream(bytes, 3), 0x7fffffff);
});

Deno.test("the reserved bit before the stream is ignored", () => {
  assert.equal(frameStream(hexBytes("000000 00 00 80000005"), 0), 5);
});

Deno.test("a number of four bytes has no sign", () => {
  assert.equal(readWord(hexBytes("ffffffff"), 0), 0xffffffff);
  assert.equal(readWord(hexBytes("00 80000000"), 1), 0x80000000);
});

Deno.test("each small frame is written as RFC 9113 says", () => {
  const settings = [[Setting.MAX_CONCURRENT_STREAMS, 100], [Setting.INITIAL_WINDOW_SIZE, 0x7fffffff]] as const;
  assert.equal(
    written((to, at) => putSettings(to, at, settings)),
    "00000c040000000000" + "000300000064" + "00047fffffff",
  );
  assert.equal(written((to, at) => putSettings(to, at, [])), "000000040000000000");
  assert.equal(written(putSettingsAck), "000000040100000000");
  const ping = hexBytes("ff 0102030405060708");
  assert.equal(written((to, at) => putPingAck(to, at, ping, 1)), "000008060100000000" + "0102030405060708");
  assert.equal(written((to, at) => putWindowUpdate(to, at, 7, 65_535)), "000004080000000007" + "0000ffff");
  assert.equal(written((to, at) => putReset(to, at, 9, ErrorCode.REFUSED_STREAM)), "000004030000000009" + "00000007");
  assert.equal(
    written((to, at) => putGoAway(to, at, 0x7fffffff, ErrorCode.ENHANCE_YOUR_CALM)),
    "000008070000000000" + "7fffffff" + "0000000b",
  );
});

Deno.test("the room for a small frame is enough for the longest", () => {
  assert.equal(written((to, at) => putGoAway(to, at, 1, 0)).length / 2, SMALL_FRAME_ROOM);
});

Deno.test("the preface has 24 bytes", () => {
  assert.equal(hexText(PREFACE), "505249202a20485454502f322e300d0a0d0a534d0d0a0d0a");
});
