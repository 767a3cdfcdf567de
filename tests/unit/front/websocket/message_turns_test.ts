import assert from "node:assert/strict";
import { MessageTurns, TurnShare } from "../../../../src/front/websocket/message_turns.ts";

/** Turns that the test makes. */
function handTurned(): { turns: MessageTurns; turn(): void; asked(): number } {
  let waiting: (() => void)[] = [];
  const turns = new MessageTurns((run) => waiting.push(run));
  return {
    turns,
    turn() {
      const now = waiting;
      waiting = [];
      for (const run of now) run();
    },
    asked: () => waiting.length,
  };
}

/** Spends until it is told to stop; at most 1,000. */
function passedOn(share: TurnShare): number {
  for (let count = 1; count <= 1000; count++) if (!share.spend()) return count;
  return 1000;
}

Deno.test("one direction passes on 4 messages a turn, and goes on in the next", () => {
  const { turns, turn, asked } = handTurned();
  let went = 0;
  const share = new TurnShare(turns, () => went++);
  for (let i = 1; i <= 5; i++) {
    assert.equal(passedOn(share), 4);
    assert.ok(share.isSpent);
    assert.equal(asked(), 1, "the next turn is asked for once");
    turn();
    assert.equal(went, i);
    assert.ok(!share.isSpent);
  }
});

Deno.test("few messages in each of many turns stop no reader", () => {
  const { turns, turn } = handTurned();
  const share = new TurnShare(turns, () => assert.fail("it was never stopped"));
  for (let i = 0; i < 100; i++) {
    for (let n = 0; n < 3; n++) assert.ok(share.spend());
    turn();
  }
});

Deno.test("beside many others each direction passes on at least one message a turn, and all about 16", () => {
  const { turns, turn } = handTurned();
  const shares = Array.from({ length: 100 }, () => new TurnShare(turns, () => {}));
  for (let i = 0; i < 3; i++) {
    const counts = shares.map(passedOn);
    assert.ok(Math.min(...counts) === 1);
    assert.equal(counts.reduce((sum, count) => sum + count, 0), 16 + 100 - 4);
    turn();
  }
});

Deno.test("messages that come although the share is spent wake it once", () => {
  const { turns, turn } = handTurned();
  let went = 0;
  const share = new TurnShare(turns, () => went++);
  for (let i = 0; i < 100; i++) share.spend();
  turn();
  assert.equal(went, 1);
});
