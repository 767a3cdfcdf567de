import assert from "node:assert/strict";
import { PieceTurns } from "../../../src/front/wire/piece_turns.ts";

/** Turns that the test begins itself. */
function stage() {
  let next: (() => void) | null = null;
  const turns = new PieceTurns((run) => {
    assert.equal(next, null, "asked for once a turn");
    next = run;
  });
  const begin = async () => {
    const run = next;
    next = null;
    run?.();
    await Promise.resolve();
  };
  return { turns, begin, asked: () => next !== null };
}

Deno.test("a tunnel that says little never waits, and asks for nothing", () => {
  const { turns, asked } = stage();
  for (let i = 0; i < 15; i++) assert.equal(turns.spend(100), null);
  assert.ok(!asked());
});

Deno.test("when a turn is full, tunnels wait for the next ones and go on in their order, four a turn", async () => {
  const { turns, begin } = stage();
  const went: number[] = [];
  for (let tunnel = 0; tunnel < 20; tunnel++) {
    const turn = turns.spend(65_536);
    if (turn === null) went.push(tunnel);
    else turn.then(() => went.push(tunnel));
  }
  assert.deepEqual(went, [0, 1, 2, 3, 4, 5]);
  for (let turn = 1; turn <= 5; turn++) {
    await begin();
    assert.deepEqual(went, Array.from({ length: Math.min(6 + turn * 4, 20) }, (_, i) => i));
  }
  assert.equal(turns.spend(65_536), null, "a turn of its own");
});
