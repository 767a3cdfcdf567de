import assert from "node:assert/strict";
import { DecisionRing } from "../../../src/data_plane/decision_ring.ts";
import { type Attempt, Exchange } from "../../../src/forwarding/exchange.ts";
import { NO_CONNECT } from "../../../src/forwarding/transport.ts";
import { makeTarget } from "../../support/target_group.ts";

function attempt(slot: number, change: Partial<Attempt>): Attempt {
  return { target: makeTarget(slot), reason: null, detail: null, micros: 1500, connectMicros: NO_CONNECT, ...change };
}

/** What a decision says of the attempts of one exchange. */
function connectsOf(attempts: readonly Attempt[], reason: Attempt["reason"] = null): (number | null)[] {
  const exchange = new Exchange(new Request("http://a/"), 0);
  for (const each of attempts) exchange.attempted(each);
  exchange.status = reason === null ? 200 : 502;
  exchange.reason = reason;
  exchange.ttfbMicros = reason === null ? 1500 : -1;
  const ring = new DecisionRing();
  ring.keep(exchange, { endedMs: 1000, totalMicros: 2000 });
  return ring.read(0)[0]!.attempts.map(({ connectMs }) => connectMs);
}

Deno.test("a decision says of each attempt how long connecting took, and nothing where a connection was used again", () => {
  assert.deepEqual(connectsOf([attempt(0, { connectMicros: 250 })]), [0.25]);
  assert.deepEqual(connectsOf([attempt(0, { connectMicros: 0 })]), [0]);
  assert.deepEqual(connectsOf([attempt(0, {})]), [null]);
  assert.deepEqual(connectsOf([]), []);
  assert.deepEqual(
    connectsOf([attempt(0, { reason: "connect_failed", connectMicros: 3_000_000 }), attempt(1, {})]),
    [3000, null],
  );
  assert.deepEqual(
    connectsOf([attempt(0, { reason: "connect_refused", connectMicros: 90 })], "connect_refused"),
    [0.09],
  );
});

Deno.test("a place in the ring that is used again says nothing of the request that stood there before", () => {
  const ring = new DecisionRing();
  const keep = (connectMicros: number) => {
    const exchange = new Exchange(new Request("http://a/"), 0);
    exchange.attempted(attempt(0, { connectMicros }));
    exchange.ttfbMicros = 1500;
    ring.keep(exchange, { endedMs: 1000, totalMicros: 2000 });
  };
  for (let i = 0; i < 1000; i++) keep(70);
  keep(NO_CONNECT);
  const connects = ring.read(0).map(({ attempts }) => attempts[0]!.connectMs);
  assert.deepEqual([connects.length, connects[0], connects[1], connects[999]], [1000, null, 0.07, 0.07]);
});
