import assert from "node:assert/strict";
import type { Acceptor } from "../../../../src/front/acceptor.ts";
import { AcceptLoop } from "../../../../src/front/wire/accept_loop.ts";
import { REPLACED_MS, STOPPED_MS } from "../../../../src/front/wire/accept_queue.ts";
import { nextTurn } from "../../../../src/time/clock.ts";
import { until } from "../../../support/poll.ts";
import { ManualClock } from "../../../support/manual_clock.ts";

/** A listener whose queue the test fills. The platform's event loop gives what waits to an `accept` that waits. */
class FakeListener implements Acceptor {
  closed = false;
  /** Connections that waited when it was closed: the system resets them. */
  lost: string[] = [];
  readonly #waiting: string[] = [];
  #accepting: PromiseWithResolvers<Deno.TcpConn> | null = null;

  connect(...names: string[]): void {
    this.#waiting.push(...names);
    if (this.#accepting === null) return;
    const { resolve } = this.#accepting;
    this.#accepting = null;
    resolve(this.#next());
  }

  accept(): Promise<Deno.TcpConn> {
    if (this.closed) return Promise.reject(new Deno.errors.BadResource("closed"));
    if (this.#waiting.length > 0) return Promise.resolve(this.#next());
    this.#accepting = Promise.withResolvers();
    return this.#accepting.promise;
  }

  close(): void {
    this.closed = true;
    this.lost = this.#waiting.splice(0);
    this.#accepting?.reject(new Deno.errors.BadResource("closed"));
  }

  #next(): Deno.TcpConn {
    return { name: this.#waiting.shift() } as unknown as Deno.TcpConn;
  }
}

function setUp() {
  const clock = new ManualClock();
  const taken: string[] = [];
  const loop = new AcceptLoop<Deno.TcpConn>({
    clock,
    makeRoom: () => "now",
    take: (conn) => void taken.push((conn as unknown as { name: string }).name),
    ranOut: () => {},
    recovered: () => {},
  });
  return { clock, taken, loop, before: new FakeListener(), after: new FakeListener() };
}

Deno.test("a listener that another replaces gives all connections that wait before it is closed", async () => {
  const { clock, taken, loop, before, after } = setUp();
  void loop.run(before);
  before.connect("a", "b", "c");
  const running = loop.run(after);
  after.connect("d");
  await until(() => before.closed, "the listener to close");
  assert.deepEqual([taken.toSorted(), before.lost], [["a", "b", "c", "d"], []]);
  after.connect("e");
  await until(() => taken.includes("e"), "the other to accept");
  assert.equal(after.closed, false);
  const stopping = loop.stop();
  after.connect("f", "g");
  await stopping;
  await running;
  assert.deepEqual([taken.slice(-2), after.lost, after.closed], [["f", "g"], [], true]);
  assert.equal(clock.timers, 0);
});

Deno.test("a crowd of clients is accepted a few in each turn, also by a listener that leaves", async () => {
  const { taken, loop, before } = setUp();
  const running = loop.run(before);
  const names = Array.from({ length: 100 }, (_, index) => String(index));
  before.connect(...names);
  let most = 0;
  for (let turn = 0; turn < 5; turn++) most = Math.max(most, await takenInATurn(taken));
  assert.ok(taken.length > most && most <= 16, `${taken.length} were taken, up to ${most} in one turn`);
  const stopping = loop.stop();
  while (!before.closed) most = Math.max(most, await takenInATurn(taken));
  assert.ok(most <= 16, `up to ${most} in one turn`);
  await stopping;
  await running;
  assert.deepEqual([taken, before.lost], [names, []]);
});

async function takenInATurn(taken: readonly string[]): Promise<number> {
  const before = taken.length;
  await new Promise<void>(nextTurn);
  return taken.length - before;
}

Deno.test("a listener that stops, and to which nobody connects, is closed after a while", async () => {
  const { clock, loop, before } = setUp();
  const running = loop.run(before);
  const stopping = loop.stop();
  clock.advance(STOPPED_MS - 1);
  await new Promise<void>(nextTurn);
  assert.equal(before.closed, false);
  clock.advance(1);
  await stopping;
  await running;
  assert.equal(before.closed, true);
});

Deno.test("a listener that another replaces waits longer for a connection, unless sluice stops", async () => {
  const { clock, loop, before, after } = setUp();
  void loop.run(before);
  void loop.run(after);
  clock.advance(REPLACED_MS - 1);
  await new Promise<void>(nextTurn);
  assert.equal(before.closed, false);
  clock.advance(1);
  await until(() => before.closed, "the listener to close");
  const next = new FakeListener();
  void loop.run(next);
  const stopping = loop.stop();
  clock.advance(STOPPED_MS);
  await stopping;
  assert.deepEqual([after.closed, next.closed, clock.timers], [true, true, 0]);
});

Deno.test("a listener that is gone ends accepting, and says so", async () => {
  const { loop, before } = setUp();
  const running = loop.run(before);
  before.close();
  await assert.rejects(running, Deno.errors.BadResource);
});
