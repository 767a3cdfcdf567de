import assert from "node:assert/strict";
import { ConnectionCap } from "../../../src/front/wire/connection_cap.ts";

Deno.test(
  "the cap is nine tenths of what was open when descriptors ran out, and grows back while none is missing",
  () => {
    const cap = new ConnectionCap();
    cap.ease();
    assert.equal(cap.most, Infinity);
    cap.ranOut(1000);
    assert.equal(cap.most, 900);
    cap.ease();
    assert.equal(cap.most, 900, "they ran out since the last time");
    cap.ease();
    assert.equal(cap.most, 918);
    cap.ranOut(2000);
    assert.equal(cap.most, 918, "more were open than it allows");
    cap.ranOut(1);
    assert.equal(cap.most, 1);
    for (let i = 0; i < 5; i++) cap.ease();
    assert.ok(cap.most > 1, "it grows from 1 too");
  },
);
