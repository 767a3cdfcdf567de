import assert from "node:assert/strict";
import { DecisionRing } from "../../../../src/data_plane/explain/decision_ring.ts";
import { checkRequest } from "../../../../src/data_plane/chain/check_request.ts";
import { type Attempt, Exchange } from "../../../../src/data_plane/chain/exchange.ts";
import { Failure } from "../../../../src/forwarding/gateway_error.ts";
import { NO_CONNECT } from "../../../../src/forwarding/target_request.ts";
import { ServeRequest } from "../../../../src/front/serve/serve_request.ts";
import { heldBytes } from "../../../support/held_bytes.ts";
import { makeTarget } from "../../../support/target_group.ts";

function attempt(slot: number, change: Partial<Attempt>): Attempt {
  return { target: makeTarget(slot), reason: null, detail: null, micros: 1500, connectMicros: NO_CONNECT, ...change };
}

/** What a decision says of the attempts of one exchange. */
function connectsOf(attempts: readonly Attempt[], reason: Attempt["reason"] = null): (number | null)[] {
  const exchange = new Exchange("GET", 0);
  for (const each of attempts) exchange.outcome.attempted(each);
  exchange.outcome.status = reason === null ? 200 : 502;
  exchange.outcome.reason = reason;
  exchange.outcome.ttfbMicros = reason === null ? 1500 : -1;
  const ring = new DecisionRing();
  ring.keep(exchange, { endedMs: 1000, totalMicros: 2000 });
  return ring.read(0)[0]!.attempts.map(({ connectMs }) => connectMs);
}

Deno.test("a decision says of each attempt how long connecting took, and nothing if a connection was reused", () => {
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
    const exchange = new Exchange("GET", 0);
    exchange.outcome.attempted(attempt(0, { connectMicros }));
    exchange.outcome.ttfbMicros = 1500;
    ring.keep(exchange, { endedMs: 1000, totalMicros: 2000 });
  };
  for (let i = 0; i < 1000; i++) keep(70);
  keep(NO_CONNECT);
  const connects = ring.read(0).map(({ attempts }) => attempts[0]!.connectMs);
  assert.deepEqual([connects.length, connects[0], connects[1], connects[999]], [1000, null, 0.07, 0.07]);
});

const HOST = "the.host.of.the.client.example";
/** Where a client may put 60,000 characters, which hold what is told of them in the midst. */
const LONG: Record<string, (long: string) => { url?: string; method?: string; key?: string; detail?: string }> = {
  path: (long) => ({ url: `http://${HOST}/${long}` }),
  query: (long) => ({ url: `http://${HOST}/a-path-of-some-length?${long}` }),
  "path of dot segments": (long) => ({ url: `http://${HOST}/${long}/../a-path-of-some-length` }),
  method: (long) => ({ method: long }),
  "HASH key": (long) => ({ key: long }),
  "failure's detail": (long) => ({ detail: long }),
};

const NO_CANDIDATES = { targets: [], count: 0 };

for (const [what, make] of Object.entries(LONG)) {
  Deno.test(`the ring keeps the beginning of a long ${what}, and does not hold the rest`, () => {
    const ring = new DecisionRing();
    const held = heldBytes(() => {
      for (let i = 0; i < 1000; i++) {
        const { url = `http://${HOST}/`, method = "GET", key = "", detail = "none" } = make(i + "x".repeat(60_000));
        // As the listener gives it: nothing has been parsed.
        const headers = new Headers({ host: HOST });
        const received = new ServeRequest({ url, method, headers, body: null }, "127.0.0.1", null);
        const exchange = new Exchange(method, 0);
        assert.equal(checkRequest(exchange.received, received, "wire"), null);
        exchange.routed.scores = {
          group: { algorithm: "HASH", targets: [], algorithmOptions: { hashKey: null } },
          candidates: NO_CANDIDATES,
          key,
          pinned: null,
          behind: null,
          numbers: [],
        };
        exchange.outcome.reason = "bad_response";
        exchange.outcome.attempted(
          attempt(0, { reason: "bad_response", detail: new Failure("bad_response", detail).detail }),
        );
        ring.keep(exchange, { endedMs: 1000, totalMicros: 2000 });
      }
    });
    assert.ok(held < 8_000_000, `${held} bytes`);
    const [last] = ring.read(0);
    const { url = `http://${HOST}/`, method = "GET" } = make("999" + "x".repeat(60_000));
    assert.ok(method.startsWith(last!.method) && last!.host === HOST);
    assert.ok(url.includes("..") ? last!.path === "/a-path-of-some-length" : url.includes(last!.path));
  });
}
