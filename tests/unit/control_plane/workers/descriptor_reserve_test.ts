import assert from "node:assert/strict";
import { OpenReserve } from "../../../../src/control_plane/workers/descriptor_reserve.ts";

Deno.test("descriptors are kept until a thread needs them, and a thread is not started without enough", () => {
  let left = 400;
  const reserve = new OpenReserve(() => {
    if (left === 0) throw new Error("Too many open files (os error 24)");
    left--;
    return { [Symbol.dispose]: () => void left++ };
  });
  assert.equal(left, 336);
  assert.equal(reserve.plenty(), true);
  assert.equal(left, 336, "what was only tried is free again");
  left = 100;
  assert.equal(reserve.plenty(), false);
  assert.equal(left, 100);
  left = 0;
  assert.equal(reserve.release(), true);
  assert.equal(left, 64, "they are free for the thread");
  left = 20;
  reserve.restore();
  assert.equal(left, 0);
  assert.equal(reserve.release(), false);
  assert.equal(left, 0, "what there is stays kept");
});
