import assert from "node:assert/strict";
import { type Ending, KeptOpen } from "../../../src/time/kept_open.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { pause } from "../../support/poll.ts";

/** Something that ends when the test says so. */
class Part implements Ending {
  readonly #ended = Promise.withResolvers<void>();
  readonly finished = this.#ended.promise;

  async end(error?: Error): Promise<void> {
    if (error === undefined) this.#ended.resolve();
    else this.#ended.reject(error);
    await pause(0);
  }
}

class Stage {
  readonly clock = new ManualClock();
  readonly opened: Part[] = [];
  readonly told: string[] = [];
  refuses = false;
  readonly kept: KeptOpen<Part>;

  constructor() {
    this.kept = new KeptOpen({
      clock: this.clock,
      open: () => {
        if (this.refuses) throw new Error("No file descriptors available");
        this.opened.push(new Part());
        return this.opened.at(-1)!;
      },
      onDown: (error) => this.told.push(`down: ${error}`),
      onUp: () => this.told.push("up"),
    });
  }
}

Deno.test("what ends by itself is opened again, and counts as open once it stayed so", async () => {
  const { clock, opened, told, kept } = new Stage();
  await opened[0]!.end(new Error("accept failed"));
  assert.equal(kept.current, null);
  clock.advance(100);
  assert.equal(kept.current, opened[1]);
  assert.deepEqual(told, ["down: accept failed"]);
  clock.advance(250);
  assert.deepEqual(told, ["down: accept failed", "up"]);
});

Deno.test("an end without an error is an end too", async () => {
  const { opened, told } = new Stage();
  await opened[0]!.end();
  assert.deepEqual(told, ["down: it ended"]);
});

Deno.test("tries follow each other by 100 ms to a second, for as long as it can't be opened", async () => {
  const stage = new Stage();
  stage.refuses = true;
  await stage.opened[0]!.end(new Error("accept failed"));
  for (const waitMs of [100, 200, 400, 800, 1000, 1000]) {
    const before = stage.told.length;
    stage.clock.advance(waitMs - 1);
    assert.equal(stage.told.length, before);
    stage.clock.advance(1);
    assert.equal(stage.told.at(-1), "down: No file descriptors available");
    assert.equal(stage.told.length, before + 1);
  }
  stage.refuses = false;
  stage.clock.advance(1000);
  assert.equal(stage.kept.current, stage.opened[1]);
});

Deno.test("what ends again at once never counts as open", async () => {
  const { clock, opened, told } = new Stage();
  await opened[0]!.end();
  clock.advance(100);
  await opened[1]!.end();
  clock.advance(200);
  await opened[2]!.end();
  clock.advance(399);
  assert.deepEqual(told, ["down: it ended", "down: it ended", "down: it ended"]);
});

Deno.test("what is closed on purpose stays closed", async () => {
  const { clock, opened, told, kept } = new Stage();
  assert.equal(kept.release(), opened[0]);
  await opened[0]!.end();
  clock.advance(10_000);
  assert.deepEqual(told, []);
  assert.equal(opened.length, 1);
  assert.equal(clock.timers, 0);
});

Deno.test("a close while it is down calls the next try off", async () => {
  const { clock, opened, kept } = new Stage();
  await opened[0]!.end();
  assert.equal(kept.release(), null);
  clock.advance(10_000);
  assert.equal(opened.length, 1);
});

Deno.test("a first opening that fails is the caller's to tell", () => {
  const clock = new ManualClock();
  const open = () => {
    throw new Error("port taken");
  };
  assert.throws(() => new KeptOpen({ clock, open, onDown: () => {}, onUp: () => {} }), /port taken/);
  assert.equal(clock.timers, 0);
});
