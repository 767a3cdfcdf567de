import assert from "node:assert/strict";
import { Flag, frameFlags, frameLength, frameStream, FrameType, frameType } from "../../../../src/http2/frame.ts";
import { splitBlock } from "../../../../src/front/http2/split_block.ts";

Deno.test("a block longer than a frame is cut into frames, none longer than 16 KiB, and all of it is there", () => {
  for (const length of [16_385, 32_768, 32_769, 100_000]) {
    const frames = Math.ceil(length / 16_384);
    const room = new Uint8Array(5 + length + frames * 9);
    for (let i = 0; i < length; i++) room[5 + 9 + i] = i % 251;
    assert.equal(splitBlock(room, 5, { flags: Flag.END_STREAM, stream: 7, length }), room.length);
    let at = 5;
    let seen = 0;
    for (let frame = 0; frame < frames; frame++) {
      const size = frameLength(room, at);
      assert.equal(frameType(room, at), frame === 0 ? FrameType.HEADERS : FrameType.CONTINUATION);
      assert.equal(
        frameFlags(room, at),
        (frame === 0 ? Flag.END_STREAM : 0) | (frame === frames - 1 ? Flag.END_HEADERS : 0),
      );
      assert.equal(frameStream(room, at), 7);
      for (let i = 0; i < size; i++) assert.equal(room[at + 9 + i], seen++ % 251);
      at += 9 + size;
    }
    assert.equal(seen, length);
  }
});
