import assert from "node:assert/strict";
import { Handshakes } from "../../../../src/front/tls/handshakes.ts";
import { Deadlines } from "../../../../src/time/deadline.ts";
import { ManualClock } from "../../../support/manual_clock.ts";

/** A connection whose handshake ends when the test says so. */
class FakeConn {
  closed = 0;
  readonly #handshake = Promise.withResolvers<Deno.TlsHandshakeInfo>();

  handshake(): Promise<Deno.TlsHandshakeInfo> {
    return this.#handshake.promise;
  }

  close(): void {
    this.closed++;
  }

  done(alpnProtocol: string | null): void {
    this.#handshake.resolve({ alpnProtocol });
  }

  fail(): void {
    this.#handshake.reject(new Deno.errors.InvalidData("no TLS"));
  }
}

function setUp() {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock, 250);
  const counted: string[] = [];
  const done: string[] = [];
  let pending = 0;
  const handshakes = new Handshakes({
    deadlines,
    nowMs: () => clock.monotonicMs(),
    timeoutMs: () => 1000,
    column: { handshaking: (by) => pending += by, shookHands: (end) => counted.push(end) },
    done: (_conn, protocol) => done.push(protocol),
  });
  const begin = () => {
    const conn = new FakeConn();
    handshakes.begin(conn as unknown as Deno.TlsConn);
    return conn;
  };
  return { clock, deadlines, handshakes, counted, done, begin, pending: () => pending };
}

/** Lets what a promise's end begins run. */
const settled = () =>
  new Promise<void>((resolve) => queueMicrotask(() => queueMicrotask(() => queueMicrotask(resolve))));

Deno.test("a handshake that ends gives its connection on, by the protocol agreed on", async () => {
  const { handshakes, counted, done, begin, pending, deadlines } = setUp();
  const [one, other] = [begin(), begin()];
  assert.deepEqual([handshakes.pending, pending()], [2, 2]);
  one.done("h2");
  other.done(null);
  await settled();
  assert.deepEqual([done, counted], [["h2", "http/1.1"], ["handshakesHttp2", "handshakesHttp1"]]);
  assert.deepEqual([handshakes.pending, pending(), one.closed, other.closed], [0, 0, 0, 0]);
  deadlines.stop();
});

Deno.test("one that fails is closed and counted", async () => {
  const { handshakes, counted, done, begin, deadlines } = setUp();
  const conn = begin();
  conn.fail();
  await settled();
  assert.deepEqual([done, counted, handshakes.pending, conn.closed], [[], ["handshakesFailed"], 0, 1]);
  deadlines.stop();
});

Deno.test("one that hangs counts as stuck until its client does something, and is served no more", async () => {
  const { clock, handshakes, counted, done, begin, deadlines } = setUp();
  const [late, gone] = [begin(), begin()];
  await clock.advance(1500);
  assert.deepEqual([counted, handshakes.stuck, handshakes.pending], [
    ["handshakesTimedOut", "handshakesTimedOut"],
    2,
    2,
  ]);
  // A close would not free its descriptor, and nothing would tell when it is free.
  assert.equal(late.closed + gone.closed, 0);
  late.done("http/1.1");
  gone.fail();
  await settled();
  assert.deepEqual([done, handshakes.stuck, handshakes.pending, late.closed], [[], 0, 0, 1]);
  assert.equal(counted.length, 2);
  deadlines.stop();
});

Deno.test("those that are slow are counted by their age", async () => {
  const { clock, handshakes, begin, deadlines } = setUp();
  const first = begin();
  begin();
  clock.advance(300);
  begin();
  assert.deepEqual([handshakes.olderThan(250), handshakes.olderThan(0)], [2, 3]);
  first.done(null);
  await settled();
  clock.advance(900);
  assert.deepEqual([handshakes.olderThan(250), handshakes.stuck], [2, 1], "one that was given up still counts");
  deadlines.stop();
});
