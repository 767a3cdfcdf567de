import assert from "node:assert/strict";
import { headersForFetch } from "../../../../src/forwarding/wire/wire_transport.ts";

Deno.test("headers on their way to an https target get what fetch wants", () => {
  const given: [string, string][] = [["host", "a:1"], ["accept-encoding", "br"], ["x-a", "b"]];
  assert.deepEqual(headersForFetch(given), [
    ["host", "a:1"],
    ["accept-encoding", "identity"],
    ["accept-encoding", "br"],
    ["x-a", "b"],
    ["user-agent", ""],
  ]);
  assert.deepEqual(headersForFetch([["host", "a"], ["user-agent", "it/1"], ["traceparent", "00-1"]]), [
    ["host", "a"],
    ["accept-encoding", "identity"],
    ["user-agent", "it/1"],
    ["traceparent", "00-1"],
  ]);
});
