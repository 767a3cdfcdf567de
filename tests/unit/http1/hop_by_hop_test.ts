import assert from "node:assert/strict";
import { connectionOptions, isHopByHop } from "../../../src/http1/hop_by_hop.ts";

Deno.test("hop-by-hop headers are those of RFC 9110 section 7.6.1, and those that Connection lists", () => {
  for (
    const name of ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"]
  ) {
    assert.equal(isHopByHop(name), true, name);
  }
  for (const name of ["host", "content-length", "via", "cookie", "date"]) assert.equal(isHopByHop(name), false, name);
  for (const value of [null, "close", "keep-alive", "Keep-Alive"]) assert.equal(connectionOptions(value), null);
  assert.deepEqual(connectionOptions("close, X-A ,, x-b,Host,Content-Length"), new Set(["close", "x-a", "x-b"]));
});
