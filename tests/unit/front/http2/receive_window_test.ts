import assert from "node:assert/strict";
import { ReceiveWindow } from "../../../../src/front/http2/receive_window.ts";

Deno.test("a window opens half at a time, by what was passed on, and never beyond its size", () => {
  const window = new ReceiveWindow(1_000);
  assert.ok(window.take(1_000));
  assert.equal(window.pass(499), false);
  assert.equal(window.pass(100), true);
  assert.equal(window.open(), 599);
  assert.ok(window.take(599));
  assert.equal(window.take(1), false);
});
