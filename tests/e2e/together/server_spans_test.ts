/** The span of a request, which `Deno.serve` opens for one engine and sluice itself for the other. */
import assert from "node:assert/strict";
import { groupEnvironment } from "../../support/mock_group.ts";
import { OtlpReceiver, type ReceivedSpan } from "../../support/otlp_receiver.ts";
import { until } from "../../support/poll.ts";
import { RawClient, rawExchange } from "../../support/raw_client.ts";
import { answer, breakOff, byPath, closeBeforeHeaders, okay } from "../../support/recorder_scripts.ts";
import { RecorderTarget } from "../../support/recorder_target.ts";
import { startSluice } from "../../support/sluice_process.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";
const HEAD = `Host: shop.test\r\ntraceparent: 00-${TRACE}-${PARENT}-01\r\nConnection: close\r\n\r\n`;

async function stageOf(engine: "serve" | "wire", target: RecorderTarget, receiver: OtlpReceiver) {
  return await startSluice({
    env: groupEnvironment(target.address, { ...receiver.environment, LISTENER_ENGINE: engine, LISTENER_WORKERS: "1" }),
  });
}

Deno.test("with both engines a request's span has the same name, parent, status and attributes", async () => {
  await using target = await RecorderTarget.start(
    byPath({ "/gone": answer(404), "/sick": answer(503), "/broken": closeBeforeHeaders() }, okay()),
  );
  const spansOf = async (engine: "serve" | "wire") => {
    await using receiver = new OtlpReceiver();
    await using sluice = await stageOf(engine, target, receiver);
    for (
      const line of [
        "GET /a?b=1&c=%20",
        "POST /b",
        "GET /gone",
        "GET /sick",
        "POST /broken",
        "GET http://shop.test/whole?d",
      ]
    ) {
      await rawExchange(sluice.url, `${line} HTTP/1.1\r\n${HEAD}`);
    }
    await rawExchange(sluice.url, `HEAD /head HTTP/1.1\r\n${HEAD}`, "HEAD");
    await rawExchange(sluice.url, `TRACE /refused HTTP/1.1\r\n${HEAD}`);
    const servers = () => receiver.spans.filter(({ kind }) => kind === "server");
    await until(() => servers().length === 8, () => `8 spans; there are ${JSON.stringify(servers())}`);
    return servers().sort((one, other) => one.startNanos < other.startNanos ? -1 : 1).map(comparable);
  };
  const [served, wired] = [await spansOf("serve"), await spansOf("wire")];
  assert.deepEqual(wired, served);
  assert.deepEqual(wired.map(({ name }) => name), [
    ...["GET /", "POST /", "GET /", "GET /", "POST /", "GET /", "HEAD /"],
    "TRACE",
  ]);
  assert.ok(wired.every(({ traceId, parentSpanId }) => traceId === TRACE && parentSpanId === PARENT));
});

Deno.test("with the engine wire a request's span ends with its exchange, and says who cut it", async () => {
  await using target = await RecorderTarget.start(breakOff(100, 10));
  await using receiver = new OtlpReceiver();
  await using sluice = await stageOf("wire", target, receiver);
  await using client = await RawClient.connect(sluice.url);
  await client.send(`GET /half HTTP/1.1\r\n${HEAD}`);
  await client.socket.readToEnd().catch(() => {});
  const span = await receiver.serverSpan("/half");
  assert.equal(span.attributes["http.response.status_code"], 200);
  assert.equal(span.attributes["sluice.cut_by"], "target");
});

Deno.test("requests that share a connection with the engine wire have spans of their own", async () => {
  await using target = await RecorderTarget.start();
  await using receiver = new OtlpReceiver();
  await using sluice = await stageOf("wire", target, receiver);
  await using client = await RawClient.connect(sluice.url);
  await client.send("GET /one HTTP/1.1\r\nHost: a\r\n\r\nGET /two HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.response();
  await client.response();
  const [one, two] = [await receiver.serverSpan("/one"), await receiver.serverSpan("/two")];
  assert.notEqual(one.traceId, two.traceId);
  assert.deepEqual([one.parentSpanId, two.parentSpanId], ["", ""]);
  assert.equal((await receiver.attempts("/one", 1)).length, 1);
  assert.equal((await receiver.attempts("/two", 1)).length, 1);
});

/** Without what differs from run to run. `Deno.serve` says the status as text. */
function comparable({ name, traceId, parentSpanId, statusCode, attributes }: ReceivedSpan) {
  const { "sluice.request_id": _, "http.response.status_code": status, ...others } = attributes;
  return { name, traceId, parentSpanId, statusCode, status: Number(status), ...others };
}
