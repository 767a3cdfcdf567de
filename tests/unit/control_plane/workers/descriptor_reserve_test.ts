import assert from "node:assert/strict";
import { OpenReserve } from "../../../../src/control_plane/workers/descriptor_reserve.ts";

Deno.test("descriptors are kept until a thread needs them, and a thread is not started without enough", () => {
  let left = 40;
  const reserve = new OpenReserve(() => {
    if (left === 0) throw new Error("Too many open files (os error 24)");
    left--;
    return { [Symbol.dispose]: () => void left++ };
  });
  assert.equal(left, 8);
  left = 0;
  assert.equal(reserve.release(), true);
  assert.equal(left, 32, "they are free for the thread");
  left = 5;
  reserve.restore();
  assert.equal(left, 0);
  assert.equal(reserve.release(), false);
  left = 30;
  assert.equal(reserve.release(), true);
});
