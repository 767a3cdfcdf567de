import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { mayClose } from "../../../../src/front/websocket/upgrade_close.ts";

Deno.test("a close code passes exactly if ws would send it", () => {
  // Not among the package's exports, but this is the judge that throws.
  const require = createRequire(import.meta.url);
  const ws = require("ws");
  const sends = (code: number) => {
    try {
      new ws.Sender({ cork() {}, uncork() {}, write() {} }, {}).close(code, "", true);
      return true;
    } catch {
      return false;
    }
  };
  for (let code = 0; code <= 65_535; code++) {
    if (code !== 1005) assert.equal(mayClose(code, ""), sends(code), `code ${code}`);
  }
});

Deno.test("a close reason may have 123 bytes, whatever its characters", () => {
  assert.ok(mayClose(1000, "x".repeat(123)));
  assert.ok(!mayClose(1000, "x".repeat(124)));
  assert.ok(mayClose(1000, "é".repeat(61)));
  assert.ok(!mayClose(1000, "é".repeat(62)));
  assert.ok(mayClose(1005, ""), "a close frame without a code");
  assert.ok(!mayClose(1005, "x"));
});
