import assert from "node:assert/strict";
import { Failure } from "../../../src/forwarding/gateway_error.ts";
import { decideRetry } from "../../../src/forwarding/retry_policy.ts";

Deno.test("a request that was not sent fails over; one that was sent is sent again only if that is safe", () => {
  const tried = { method: "POST", retriesUsed: 0, retriesAllowed: 1, bodySpent: false };
  const refused = new Failure("connect_refused", "");
  const reset = new Failure("reset_before_headers", "");
  assert.equal(decideRetry(refused, { ...tried, retriesUsed: 9, retriesAllowed: 0 }).retry, true);
  assert.equal(decideRetry(new Failure("connect_timeout", ""), tried).retry, true);
  assert.equal(decideRetry(refused, { ...tried, bodySpent: true }).retry, false);
  assert.equal(decideRetry(reset, tried).retry, false);
  assert.equal(decideRetry(reset, { ...tried, method: "GET" }).retry, true);
  assert.equal(decideRetry(reset, { ...tried, method: "GET", retriesUsed: 1 }).retry, false);
  assert.equal(decideRetry(reset, { ...tried, method: "PUT", bodySpent: true }).retry, false);
  for (const reason of ["timeout", "bad_response", "client_closed", "body_too_large"] as const) {
    assert.equal(decideRetry(new Failure(reason, ""), { ...tried, method: "GET" }).retry, false, reason);
  }
});
