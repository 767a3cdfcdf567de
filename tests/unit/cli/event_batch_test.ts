import assert from "node:assert/strict";
import { adviceOnEventBatch, EVENT_BATCH, limitEventBatch } from "../../../src/cli/event_batch.ts";
import { workerCount } from "../../../src/cli/worker_count.ts";

Deno.test("threads that start later get the variable too, unless it is set already", () => {
  try {
    for (const given of ["7", undefined]) {
      if (given === undefined) Deno.env.delete(EVENT_BATCH.name);
      else Deno.env.set(EVENT_BATCH.name, given);
      limitEventBatch();
      assert.equal(Deno.env.get(EVENT_BATCH.name), given ?? EVENT_BATCH.value);
    }
  } finally {
    Deno.env.delete(EVENT_BATCH.name);
  }
});

Deno.test("with one worker and no variable for the main thread, sluice says what to set and where", () => {
  const alone = { workers: 1, upstreamTransport: "wire" } as const;
  const advice = adviceOnEventBatch(alone, undefined);
  assert.ok(
    advice?.includes("DENO_TOKIO_MAX_IO_EVENTS_PER_TICK=48 in its environment (sluice reads .env too late"),
    String(advice),
  );
  assert.equal(adviceOnEventBatch(alone, "7"), null, "told otherwise on purpose");
  assert.equal(adviceOnEventBatch({ ...alone, workers: 2 }, undefined), null, "sluice tells threads itself");
  assert.equal(
    adviceOnEventBatch({ ...alone, upstreamTransport: "fetch" }, undefined),
    null,
    "fetch has no such reads",
  );
  const auto = adviceOnEventBatch({ ...alone, workers: "auto" }, undefined);
  assert.equal(auto !== null, workerCount({ workers: "auto" }) === 1, "what auto comes to decides");
});
