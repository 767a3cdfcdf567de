import assert from "node:assert/strict";
import { FrameBoundary } from "../../../../src/front/wire/frame_boundary.ts";
import { closePayload, frame, OPCODE } from "../../../support/websocket_bytes.ts";

const FRAMES = [
  frame(OPCODE.text, ""),
  frame(OPCODE.text, "hello", { masked: true }),
  frame(OPCODE.binary, new Uint8Array(125)),
  frame(OPCODE.ping, "", { masked: true }),
  frame(OPCODE.binary, new Uint8Array(126), { masked: true }),
  frame(OPCODE.continuation, new Uint8Array(300), { fin: false }),
  frame(OPCODE.binary, new Uint8Array(65_536)),
];

Deno.test("a boundary is where frames end, in one piece, byte by byte, and split at every place of a head", () => {
  for (const each of FRAMES) {
    const whole = new FrameBoundary();
    whole.take(new Uint8Array(each));
    assert.ok(whole.between);
    const bytewise = new FrameBoundary();
    each.forEach((byte, at) => {
      bytewise.take(new Uint8Array([byte]));
      assert.equal(bytewise.between, at === each.length - 1, `${at} of ${each.length}`);
    });
    for (let cut = 1; cut < Math.min(20, each.length); cut++) {
      const split = new FrameBoundary();
      split.take(new Uint8Array(each.subarray(0, cut)));
      assert.equal(split.between, false);
      split.take(new Uint8Array(each.subarray(cut)));
      assert.ok(split.between);
      assert.equal(split.closes, false);
    }
  }
});

Deno.test("frames behind one another are told apart, and a close frame is noticed", () => {
  const boundary = new FrameBoundary();
  boundary.take(new Uint8Array(FRAMES.flatMap((each) => [...each])));
  assert.deepEqual([boundary.between, boundary.closes], [true, false]);
  boundary.take(new Uint8Array(frame(OPCODE.close, closePayload(1000), { masked: true })));
  assert.deepEqual([boundary.between, boundary.closes], [true, true]);
});
