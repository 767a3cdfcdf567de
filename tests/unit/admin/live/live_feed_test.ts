import assert from "node:assert/strict";
import { readEvents } from "../../../../src/admin/dashboard/client/events.js";
import { LiveFeed } from "../../../../src/admin/live/live_feed.ts";
import type { Failure, SystemShape, TargetRow, Tick } from "../../../../src/admin/live/live_model.ts";
import { failedDecision, FakeAdminSource } from "../../../support/fake_admin_source.ts";
import { ManualClock } from "../../../support/manual_clock.ts";
import { until } from "../../../support/poll.ts";

type Received = ["system", SystemShape] | ["tick", Tick] | ["failures", Failure[]];

/** Follows a feed as the page does. */
function follow(feed: LiveFeed) {
  const received: Received[] = [];
  const done = readEvents(feed.subscribe(), (name: string, data: never) => {
    received.push([name, data] as Received);
  });
  return {
    received,
    done,
    /** Waits until so many ticks came. */
    ticks: async (count: number) => {
      await until(() => ticksOf(received).length >= count, `${count} ticks`);
      return ticksOf(received);
    },
  };
}

function ticksOf(received: readonly Received[]): Tick[] {
  return received.flatMap(([name, data]) => name === "tick" ? [data] : []);
}

Deno.test("a dashboard gets everything first, then each second what changed", async () => {
  const source = new FakeAdminSource({ web: 3 });
  const clock = new ManualClock();
  const feed = new LiveFeed(source, clock);
  const { received, done, ticks } = follow(feed);
  assert.equal((await ticks(1))[0]!.targets.length, 3);
  assert.equal(received[0]![0], "system");

  clock.advance(1000);
  assert.deepEqual((await ticks(2))[1]!.targets, []);

  source.change("web", 1, { state: "unhealthy", reason: "Target.Timeout" });
  clock.advance(1000);
  const rows = (await ticks(3))[2]!.targets;
  assert.deepEqual(rows.map((row: TargetRow) => [row[0], row[1], row[2]]), [[1, "unhealthy", "Target.Timeout"]]);
  assert.equal(received.filter(([name]) => name === "system").length, 1);
  feed.close();
  await done;
});

Deno.test("rates are of the last second, error rates and percentiles of the last few", async () => {
  const source = new FakeAdminSource({ web: 1 });
  const clock = new ManualClock();
  const feed = new LiveFeed(source, clock);
  const { done, ticks } = follow(feed);
  await ticks(1);
  for (let i = 0; i < 90; i++) source.answer(0, 200, { ttfbMicros: 10_000 });
  for (let i = 0; i < 10; i++) source.answer(0, 500, { ttfbMicros: 10_000 });
  clock.advance(1000);
  await ticks(2);
  clock.advance(1000);
  const [, busy, idle] = (await ticks(3)).map((tick) => tick.total);
  assert.equal(busy![1], 100);
  assert.equal(busy![2], 0.1);
  assert.ok(Math.abs(busy![3]! / 10 - 1) < 0.19, `${busy![3]}`);
  assert.equal(idle![1], 0);
  assert.equal(idle![2], 0.1);
  for (let count = 4; count <= 8; count++) {
    clock.advance(1000);
    await ticks(count);
  }
  const later = (await ticks(8)).at(-1)!;
  assert.equal(later.total[2], 0);
  assert.equal(later.total[3], null);
  feed.close();
  await done;
});

Deno.test("a target that joins or leaves is told at once, with all that is known", async () => {
  const source = new FakeAdminSource({ web: 1 });
  const clock = new ManualClock();
  const feed = new LiveFeed(source, clock);
  const { received, done, ticks } = follow(feed);
  await ticks(1);
  source.addGroup("api", 2);
  clock.advance(1000);
  await ticks(2);
  const shapes = received.flatMap(([name, data]) => name === "system" ? [data] : []);
  assert.deepEqual(shapes.map(({ groups }) => groups.length), [1, 2]);
  assert.equal(ticksOf(received).at(-1)!.targets.length, 3);
  feed.close();
  await done;
});

Deno.test("failures follow when something failed, without what is of no use to the page", async () => {
  const source = new FakeAdminSource({ web: 1 });
  const clock = new ManualClock();
  const feed = new LiveFeed(source, clock);
  const { received, done, ticks } = follow(feed);
  await ticks(1);
  source.refuse(0);
  source.lastDecisions = [failedDecision("x"), failedDecision("fine", { status: 200, reason: null })];
  clock.advance(1000);
  await ticks(2);
  clock.advance(1000);
  const last = await until(
    () => received.flatMap(([name, data]) => name === "failures" && data.length > 0 ? [data] : []).at(-1),
    "the failures",
  );
  assert.deepEqual(last.map(({ id, reason }) => [id, reason]), [["x", "connect_refused"]]);
  assert.ok(!("candidates" in last[0]!));
  feed.close();
  await done;
});

Deno.test("while no dashboard is open nothing is read and no timer runs", async () => {
  const clock = new ManualClock();
  const feed = new LiveFeed(new FakeAdminSource(), clock);
  assert.equal(clock.timers, 0);
  const stream = feed.subscribe();
  assert.equal(clock.timers, 1);
  const second = feed.subscribe();
  await stream.cancel();
  assert.equal(clock.timers, 1);
  await second.cancel();
  assert.equal(clock.timers, 0);
});

Deno.test("a reader that does not read has a bounded buffer, and gets everything when it is back", async () => {
  const source = new FakeAdminSource({ web: 1000 });
  const clock = new ManualClock();
  const feed = new LiveFeed(source, clock);
  const stream = feed.subscribe();
  for (let i = 0; i < 60; i++) {
    source.answer(i, 200);
    source.generation++;
    await feed.tick();
  }
  const events: string[] = [];
  let bytes = 0;
  const counted = stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.length;
        controller.enqueue(chunk);
      },
    }),
  );
  const done = readEvents(counted, (name: string) => events.push(name));
  await until(() => events.length > 0, "what was kept");
  const kept = bytes;
  const before = events.length;
  source.nowMs += 1;
  clock.advance(1000);
  await until(() => events.slice(before).includes("tick"), "everything anew");
  assert.ok(kept < 6 * 1024 * 1024, `${kept} bytes were kept`);
  assert.deepEqual(events.slice(before, before + 2), ["system", "tick"]);
  feed.close();
  await done;
});

Deno.test("shutting down ends every open stream, and a later one at once", async () => {
  const feed = new LiveFeed(new FakeAdminSource(), new ManualClock());
  const { done } = follow(feed);
  feed.close();
  await done;
  await follow(feed).done;
});
