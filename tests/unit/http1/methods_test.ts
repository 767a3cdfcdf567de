import assert from "node:assert/strict";
import { isIdempotent } from "../../../src/http1/methods.ts";

Deno.test("idempotent methods are those of RFC 9110 and the safe ones of WebDAV, in capitals", () => {
  for (const method of ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PROPFIND", "REPORT", "SEARCH"]) {
    assert.equal(isIdempotent(method), true, method);
  }
  for (const method of ["POST", "PATCH", "CONNECT", "LOCK", "get", ""]) {
    assert.equal(isIdempotent(method), false, method);
  }
});
