import assert from "node:assert/strict";
import { DecisionQuestions } from "../../../../src/control_plane/workers/decision_questions.ts";
import type { ControlMessage } from "../../../../src/protocol/messages.ts";
import type { Decision } from "../../../../src/views/decision.ts";
import { failedDecision } from "../../../support/fake_admin_source.ts";
import { ManualClock } from "../../../support/manual_clock.ts";
import { pause } from "../../../support/poll.ts";

/** Two workers that answer when they are told to. */
function start() {
  const clock = new ManualClock();
  const asked: number[] = [];
  const pool = { alive: 2, broadcast: (message: ControlMessage) => asked.push((message as { id: number }).id) };
  return { clock, asked, questions: new DecisionQuestions(pool, clock) };
}

const idsOf = async (answer: Promise<readonly Decision[]>) => (await answer).map(({ id }) => id);

Deno.test("the decisions of all workers are merged, the newest first", async () => {
  const { asked, questions } = start();
  const answer = questions.ask();
  questions.answer(asked[0]!, [failedDecision("a", { timeMs: 3 }), failedDecision("b", { timeMs: 1 })]);
  questions.answer(asked[0]!, [failedDecision("c", { timeMs: 2 })]);
  assert.deepEqual(await idsOf(answer), ["a", "c", "b"]);
});

Deno.test("a hundred who ask at once cost two questions, and get what ended before they asked", async () => {
  const { clock, asked, questions } = start();
  const first = questions.ask();
  const others = Array.from({ length: 100 }, () => questions.ask());
  assert.equal(asked.length, 1);
  for (let i = 0; i < 2; i++) questions.answer(asked[0]!, [failedDecision("before")]);
  assert.deepEqual(await idsOf(first), ["before", "before"]);
  for (let i = 0; i < 5; i++) {
    clock.advance(20);
    await pause(0);
  }
  assert.equal(asked.length, 2);
  others.push(questions.ask());
  for (let i = 0; i < 2; i++) questions.answer(asked[1]!, [failedDecision("after")]);
  for (const other of others.slice(0, 100)) assert.deepEqual(await idsOf(other), ["after", "after"]);
  // Asked when the workers had been: its answer comes with the next question.
  for (let i = 0; i < 5; i++) {
    clock.advance(20);
    await pause(0);
  }
  assert.equal(asked.length, 3);
  for (let i = 0; i < 2; i++) questions.answer(asked[2]!, [failedDecision("last")]);
  assert.deepEqual(await idsOf(others[100]!), ["last", "last"]);
});

Deno.test("a worker that does not answer holds up nobody for more than a second", async () => {
  const { clock, asked, questions } = start();
  const answer = questions.ask();
  questions.answer(asked[0]!, [failedDecision("a")]);
  clock.advance(1000);
  assert.deepEqual(await idsOf(answer), ["a"]);
});
