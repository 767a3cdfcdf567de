import assert from "node:assert/strict";
import type { ListenerConfig } from "../../../src/config/model.ts";
import { adviceOnEvents, EVENT_VARIABLES, tellLaterThreads } from "../../../src/cli/event_variables.ts";
import { workerCount } from "../../../src/cli/worker_count.ts";

for (const { name, value } of EVENT_VARIABLES) {
  Deno.test(`threads that start later get ${name} too, unless it is set already`, () => {
    try {
      for (const given of ["7", undefined]) {
        if (given === undefined) Deno.env.delete(name);
        else Deno.env.set(name, given);
        tellLaterThreads();
        assert.equal(Deno.env.get(name), given ?? value);
      }
    } finally {
      for (const variable of EVENT_VARIABLES) Deno.env.delete(variable.name);
    }
  });
}

Deno.test("with one worker and no variables for the main thread, sluice says what to set and where", () => {
  const alone = {
    workers: 1,
    tls: null,
    front: { engine: "wire" } as ListenerConfig["front"],
    upstreamTransport: "wire",
  } as const;
  const none = () => undefined;
  const both = "DENO_TOKIO_MAX_IO_EVENTS_PER_TICK=48 DENO_TOKIO_EVENT_INTERVAL=1";
  const late = "in its environment (sluice reads .env too late";
  assert.match(adviceOnEvents(alone, none)!, new RegExp(RegExp.escape(`with ${both} ${late}`)));
  assert.equal(adviceOnEvents(alone, () => "7"), null, "told otherwise on purpose");
  assert.equal(adviceOnEvents({ ...alone, workers: 2 }, none), null, "sluice tells threads itself");
  const tls = {} as NonNullable<ListenerConfig["tls"]>;
  assert.equal(adviceOnEvents({ ...alone, tls }, none), null, "with TLS, a thread serves");
  const [batch, interval] = EVENT_VARIABLES;
  for (
    const [listener, given] of [
      [{ ...alone, upstreamTransport: "fetch" }, none],
      [alone, (name: string) => name === batch.name ? "48" : undefined],
    ] as const
  ) {
    const advice = adviceOnEvents(listener, given)!;
    assert.match(advice, new RegExp(RegExp.escape(`with ${interval.name}=1 ${late}`)));
  }
  const auto = adviceOnEvents({ ...alone, workers: "auto" }, none);
  assert.equal(auto !== null, workerCount({ workers: "auto" }) === 1, "what auto comes to decides");
});
