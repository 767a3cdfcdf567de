import assert from "node:assert/strict";
import { isSaneRequestId } from "../../../../src/forwarding/headers/request_lines.ts";

Deno.test("a request id is sane when it can stand in a header, a log and a page as it is", () => {
  for (const id of ["a", "A-1.b_c:/+=@", "x".repeat(128)]) assert.equal(isSaneRequestId(id), true, id);
  for (const id of ["", "x".repeat(129), "a b", 'a"', "a<", "a\\", "a\n", "\x7f", "\xe9", "a,b", "a;b"]) {
    assert.equal(isSaneRequestId(id), false, id);
  }
});
