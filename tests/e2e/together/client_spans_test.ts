/**
 * Each attempt at a target is a span, and the target goes on with the trace below it: the same over both transports.
 */
import assert from "node:assert/strict";
import { ask } from "../../support/ask.ts";
import { closingListener } from "../../support/closing_listener.ts";
import { freePort } from "../../support/free_port.ts";
import { groupEnvironment } from "../../support/mock_group.ts";
import { OtlpReceiver, type ReceivedSpan } from "../../support/otlp_receiver.ts";
import { until } from "../../support/poll.ts";
import { RawClient } from "../../support/raw_client.ts";
import { headerValues } from "../../support/raw_message.ts";
import { answer, closeBeforeHeaders, hang, inTurn, okay } from "../../support/recorder_scripts.ts";
import { RecorderTarget } from "../../support/recorder_target.ts";
import { type SluiceProcess, startSluice } from "../../support/sluice_process.ts";
import { TELEMETRY_FORMS } from "../../support/telemetry_suite.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`;

for (const form of TELEMETRY_FORMS) {
  const { name, transport } = form;
  Deno.test(`${name}: each attempt at a target is a client span, and the target's traceparent names it`, async (t) => {
    await using receiver = new OtlpReceiver();
    await using target = await RecorderTarget.start();
    await using sluice = await start(form, target, { ...receiver.environment, CONNECTION_TIMEOUT: "300" });

    await t.step("a retry has a span of its own, and the target gets one traceparent with each", async () => {
      // On a connection that was used before the transport would replay it by itself, within one attempt.
      target.script = inTurn(closeBeforeHeaders(), okay());
      const headers = [`traceparent: ${TRACEPARENT}`, "tracestate: shop=1", "baggage: cart=7;p=1"];
      assert.equal((await ask(sluice.url, "/again", { headers })).status, 200);
      const spans = await receiver.attempts("/again", 2);
      const seen = target.requests;
      assert.deepEqual(
        seen.map((request) => headerValues(request, "traceparent")),
        spans.map(({ spanId }) => [`00-${TRACE}-${spanId}-01`]),
      );
      for (const request of seen) {
        assert.deepEqual(headerValues(request, "tracestate"), ["shop=1"]);
        assert.deepEqual(headerValues(request, "baggage"), ["cart=7;p=1"]);
      }
      assert.deepEqual(spans.map(errorOf), [transport === "wire" ? "reset_before_headers" : "TypeError", undefined]);
      assert.deepEqual(spans.map(({ statusCode }) => statusCode), [2, 0]);
    });

    await t.step("with the names and attributes of OpenTelemetry's HTTP conventions", async () => {
      target.script = answer(204);
      await ask(sluice.url, "/a/b?c=d&e=f");
      const [span] = await receiver.attempts("/a/b", 1);
      assert.equal(span!.name, "GET");
      assert.equal(span!.statusCode, 0);
      const { "http.response.status_code": status, ...attributes } = span!.attributes;
      // Deno's own spans say it as text.
      assert.equal(Number(status), 204);
      assert.deepEqual(attributes, {
        "http.request.method": "GET",
        "url.full": `http://${target.address}/a/b?c=d&e=f`,
        "url.scheme": "http",
        "url.path": "/a/b",
        "url.query": "c=d&e=f",
        ...(transport === "wire" ? { "server.address": "127.0.0.1", "server.port": target.port } : {}),
      });
    });

    await t.step("an answer of 400 and above makes it an error, and is the client's answer", async () => {
      for (const status of [404, 503]) {
        target.script = answer(status);
        assert.equal((await ask(sluice.url, `/${status}`)).status, status);
        const [span] = await receiver.attempts(`/${status}`, 1);
        assert.deepEqual([span!.statusCode, span!.attributes["error.type"]], [2, String(status)]);
      }
    });

    await t.step("a body that streams, and a target that never answers", async () => {
      target.script = okay();
      assert.equal((await ask(sluice.url, "/post", { method: "POST", body: "x".repeat(300_000) })).status, 200);
      assert.deepEqual((await receiver.attempts("/post", 1)).map(({ name }) => name), ["POST"]);
      target.script = hang();
      assert.equal((await ask(sluice.url, "/hang")).status, 504);
      const [span] = await receiver.attempts("/hang", 1);
      assertGivenUp(span!, transport, "timeout");
    });
    assert.equal(await sluice.stop(), 0);
    const strays = receiver.spans.filter(({ kind, parentSpanId }) => kind === "client" && parentSpanId === "");
    assert.deepEqual(strays, [], "each client span is an attempt of some request");
  });

  Deno.test(`${name}: the span of an attempt ends when the client leaves`, async () => {
    await using receiver = new OtlpReceiver();
    await using target = await RecorderTarget.start(hang());
    await using sluice = await start(form, target, receiver.environment);
    await using client = await RawClient.connect(sluice.url);
    await client.send("GET /gone HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => target.requests.length === 1, "the request to reach the target");
    await client.close();
    const span = await until(
      () => receiver.spans.find(({ kind, attributes }) => kind === "client" && attributes["url.path"] === "/gone"),
      "the span of the attempt",
    );
    assertGivenUp(span, transport, "client_closed");
  });

  Deno.test(
    `${name}: OTEL_PROPAGATORS says which headers the target gets, and the others pass as they came`,
    async () => {
      const given = [`traceparent: ${TRACEPARENT}`, "tracestate: a=b", "baggage: cart=7 ; p=1"];
      for (const propagators of ["none", "baggage", "tracecontext"]) {
        await using receiver = new OtlpReceiver();
        await using target = await RecorderTarget.start();
        const env = { ...receiver.environment, OTEL_PROPAGATORS: propagators };
        await using sluice = await start(form, target, env);
        await ask(sluice.url, "/given", { headers: given });
        await ask(sluice.url, "/bare");
        const [span] = await receiver.attempts("/given", 1);
        const traceparent = propagators === "tracecontext" ? `00-${TRACE}-${span!.spanId}-01` : TRACEPARENT;
        const baggage = propagators === "baggage" ? "cart=7; p=1" : "cart=7 ; p=1";
        const [first, second] = target.requests;
        assert.deepEqual(headerValues(first!, "traceparent"), [traceparent], propagators);
        assert.deepEqual(headerValues(first!, "tracestate"), ["a=b"], propagators);
        assert.deepEqual(headerValues(first!, "baggage"), [baggage], propagators);
        assert.equal(headerValues(second!, "traceparent").length, propagators === "tracecontext" ? 1 : 0, propagators);
      }
    },
  );

  Deno.test(`${name}: a trace that is not sampled goes on, unsampled, under one traceparent`, async () => {
    await using receiver = new OtlpReceiver();
    await using target = await RecorderTarget.start();
    const env = { ...receiver.environment, OTEL_TRACES_SAMPLER: "always_off" };
    await using sluice = await start(form, target, env);
    await ask(sluice.url, "/", { headers: [`traceparent: ${TRACEPARENT}`] });
    const [line, ...others] = headerValues(target.requests[0]!, "traceparent");
    assert.match(line!, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
    assert.notEqual(line, TRACEPARENT);
    assert.deepEqual(others, []);
  });

  Deno.test(
    `${name}: explain says that traceparent will be the attempt's, and what becomes of the baggage`,
    async () => {
      await using receiver = new OtlpReceiver();
      await using target = await RecorderTarget.start();
      await using sluice = await start(form, target, receiver.environment);
      const given = [`traceparent: ${TRACEPARENT}`, "tracestate: a=b", "baggage: cart=7 ; p=1"];
      const headersOf = async (lines: string[]) => {
        const question = new URLSearchParams([
          ["method", "GET"],
          ["url", "/"],
          ...lines.map((line) => ["header", line]),
        ]);
        const { headers } = await sluice.adminJson(`/explain?${question}`);
        return headers.filter(([name]: [string]) => /^(trace|baggage)/.test(name)).sort();
      };
      const attempt = ["traceparent", "(names the span of each attempt)"];
      assert.deepEqual(await headersOf(given), [["baggage", "cart=7; p=1"], attempt, ["tracestate", "a=b"]]);
      assert.deepEqual(await headersOf([]), [attempt]);
      // A handshake has a way of its own, which makes no span.
      const handshake = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"];
      assert.deepEqual(
        await headersOf([...handshake, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", ...given]),
        [["baggage", "cart=7 ; p=1"], ["traceparent", TRACEPARENT], ["tracestate", "a=b"]],
      );
    },
  );
}

Deno.test("wire: failing over has a span for each target that was tried, an https target too", async () => {
  await using receiver = new OtlpReceiver();
  await using closing = closingListener();
  const refused = `127.0.0.1:${freePort()}`;
  await using sluice = await startSluice({
    env: groupEnvironment(`${refused},https://127.0.0.1:${closing.port}`, {
      ...receiver.environment,
      UPSTREAM_TRANSPORT: "wire",
    }),
  });
  assert.equal((await ask(sluice.url, "/none")).status, 502);
  const spans = await receiver.attempts("/none", 2);
  const told = spans.map((span) => [span.attributes["url.full"], errorOf(span), span.statusCode]);
  assert.deepEqual(told, [
    [`http://${refused}/none`, "connect_refused", 2],
    [`https://127.0.0.1:${closing.port}/none`, "tls_failed", 2],
  ]);
});

function errorOf(span: ReceivedSpan): unknown {
  return span.attributes["error.type"];
}

function assertGivenUp(span: ReceivedSpan, transport: "fetch" | "wire", reason: string): void {
  assert.deepEqual([span.statusCode, errorOf(span)], [2, transport === "wire" ? reason : "AbortError"]);
}

function start(
  { transport, engine }: typeof TELEMETRY_FORMS[number],
  target: RecorderTarget,
  env: Record<string, string>,
): Promise<SluiceProcess> {
  return startSluice({
    env: groupEnvironment(target.address, { ...env, UPSTREAM_TRANSPORT: transport, LISTENER_ENGINE: engine }),
  });
}
