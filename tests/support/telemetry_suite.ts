import assert from "node:assert/strict";
import { ask } from "./ask.ts";
import { freePort } from "./free_port.ts";
import { MockGroup } from "./mock_group.ts";
import { OtlpReceiver } from "./otlp_receiver.ts";
import { startSluice } from "./sluice_process.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";

/** Which form of the program is looked at, and how it speaks to targets. */
export interface TelemetryForm {
  readonly program?: string;
  readonly transport: "fetch" | "wire";
  readonly engine?: "serve" | "wire";
}

/** Each engine with each transport. */
export const TELEMETRY_FORMS = (["serve", "wire"] as const).flatMap((engine) =>
  (["fetch", "wire"] as const).map((transport) => ({ engine, transport, name: `${transport}, engine ${engine}` }))
);

/** What every form of the program must emit with OpenTelemetry on: the checkout, and the compiled program. */
export async function checkTelemetry(
  t: Deno.TestContext,
  { program, transport, engine = "wire" }: TelemetryForm,
): Promise<void> {
  await using receiver = new OtlpReceiver();
  await using mocks = await MockGroup.start(1);
  const dead = `127.0.0.1:${freePort()}`;
  await using sluice = await startSluice({
    program,
    env: {
      ...receiver.environment,
      UPSTREAM_TRANSPORT: transport,
      LISTENER_ENGINE: engine,
      LISTENER_WORKERS: "2",
      TARGET_GROUP_1_NAME: "web",
      TARGET_GROUP_1_TARGETS: mocks.list,
      TARGET_GROUP_2_NAME: "shaky",
      TARGET_GROUP_2_TARGETS: `${dead},${mocks.list}`,
      LISTENER_RULE_7_PATH_PREFIX: "/web",
      LISTENER_RULE_7_TARGET_GROUP: "web",
      LISTENER_RULE_8_PATH_PREFIX: "/shaky",
      LISTENER_RULE_8_TARGET_GROUP: "shaky",
    },
  });

  await t.step("a request's span carries rule, group, target and attempts, in the client's trace", async () => {
    const headers = [`traceparent: 00-${TRACE}-${PARENT}-01`, "tracestate: shop=1", "baggage: cart=7;p=1"];
    const answer = await ask(sluice.url, "/web/a?b=1", { headers });
    assert.equal(answer.status, 200);
    const span = await receiver.serverSpan("/web/a");
    assert.deepEqual([span.traceId, span.parentSpanId], [TRACE, PARENT]);
    assert.equal(span.name, "GET /web");
    assert.equal(span.attributes["http.route"], "/web");
    assert.equal(span.attributes["sluice.rule"], 7);
    assert.equal(span.attributes["sluice.target_group"], "web");
    assert.equal(span.attributes["sluice.target"], mocks.list);
    assert.equal(span.attributes["sluice.attempts"], 1);
    assert.equal("sluice.reason" in span.attributes, false);

    // The target is told of one parent, which is the attempt's span, below sluice's own in that trace.
    const got = JSON.parse(answer.body).headers;
    assert.equal(got.tracestate, "shop=1");
    assert.equal(got.baggage, "cart=7;p=1");
    const [, trace, parent] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/.exec(got.traceparent)!;
    const attempts = await receiver.attempts("/web/a", 1);
    assert.deepEqual(attempts.map(({ traceId, spanId }) => [traceId, spanId]), [[trace, parent]]);
    assert.equal(trace, TRACE);
  });

  await t.step("a request without a trace begins one that the target can go on with", async () => {
    const { body } = await ask(sluice.url, "/web/fresh");
    const span = await receiver.serverSpan("/web/fresh");
    const [attempt] = await receiver.attempts("/web/fresh", 1);
    const [, trace, parent] = JSON.parse(body).headers.traceparent.split("-");
    assert.deepEqual([trace, parent], [span.traceId, attempt!.spanId]);
  });

  await t.step("an answer of sluice's own carries its reason", async () => {
    await ask(sluice.url, "/nowhere");
    const span = await receiver.serverSpan("/nowhere");
    assert.equal(span.attributes["sluice.reason"], "no_rule");
    assert.equal(span.attributes["sluice.attempts"], 0);
    assert.equal(span.name, "GET");
  });

  await t.step(
    "a request that failed over has a span with two attempts, and one that found nobody is an error",
    async () => {
      for (let i = 0; i < 2; i++) assert.equal((await ask(sluice.url, `/shaky/${i}`)).status, 200);
      const attempts = [];
      for (let i = 0; i < 2; i++) {
        attempts.push(
          (await receiver.serverSpan(`/shaky/${i}`)).attributes["sluice.attempts"],
        );
      }
      assert.deepEqual(attempts.sort(), [1, 2]);
      await mocks.kill(0);
      await ask(sluice.url, "/web/dead");
      const span = await receiver.serverSpan("/web/dead");
      assert.equal(span.attributes["sluice.reason"], "connect_refused");
      assert.equal(span.statusCode, 2);
    },
  );

  assert.equal(await sluice.stop(), 0);
}
