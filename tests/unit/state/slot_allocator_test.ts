import assert from "node:assert/strict";
import { SlotAllocator } from "../../../src/state/slot_allocator.ts";

Deno.test("slots are handed out lowest first, each once, until none is left", () => {
  const slots = new SlotAllocator(3, { restMs: 100 });
  assert.deepEqual([1, 2, 3, 4].map(() => slots.take(0)), [0, 1, 2, null]);
});

Deno.test("a released slot rests before it is taken again, and is then preferred to one that was never used", () => {
  const slots = new SlotAllocator(10, { restMs: 100 });
  slots.take(0);
  slots.take(0);
  slots.release(0, 50);
  assert.equal(slots.take(149), 2);
  assert.equal(slots.take(150), 0);
});

Deno.test("slots that were released come back in the order of their release", () => {
  const slots = new SlotAllocator(2, { restMs: 100 });
  slots.take(0);
  slots.take(0);
  slots.release(1, 0);
  slots.release(0, 10);
  assert.deepEqual([slots.take(200), slots.take(200), slots.take(200)], [1, 0, null]);
});

Deno.test("with freshFirst, slots that were never used go before those that have rested", () => {
  const slots = new SlotAllocator(2, { restMs: 100, freshFirst: true });
  slots.take(0);
  slots.release(0, 0);
  assert.deepEqual([slots.take(200), slots.take(200), slots.take(200)], [1, 0, null]);
});
