import assert from "node:assert/strict";
import { fetchUntil } from "../../../../src/forwarding/fetch/lent_signal.ts";

/** A target that takes a request and never answers; says when it was asked, and when its client has gone. */
function silentTarget() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const asked = Promise.withResolvers<void>();
  const left = (async () => {
    using connection = await listener.accept();
    const buffer = new Uint8Array(4096);
    while (await connection.read(buffer) !== null) asked.resolve();
  })();
  return {
    url: `http://127.0.0.1:${listener.addr.port}/`,
    asked: asked.promise,
    left,
    [Symbol.dispose]: () => listener.close(),
  };
}

Deno.test("an abort ends its own fetch and its connection, and no other's", async () => {
  using one = silentTarget();
  using other = silentTarget();
  using client = Deno.createHttpClient({});
  const [first, second] = [new AbortController(), new AbortController()];
  let otherFailed = false;
  const failed = fetchUntil(one.url, { client }, first.signal).then(() => "answered", () => "failed");
  const rest = fetchUntil(other.url, { client }, second.signal).catch(() => otherFailed = true);
  await Promise.all([one.asked, other.asked]);
  first.abort();
  assert.equal(await failed, "failed");
  await one.left;
  assert.equal(otherFailed, false);
  second.abort();
  await rest;
  await other.left;
});

Deno.test("a signal that is aborted already lets nothing be sent", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const failed = await fetchUntil(`http://127.0.0.1:${listener.addr.port}/`, {}, AbortSignal.abort())
    .then(() => "answered", () => "failed");
  assert.equal(failed, "failed");
});

Deno.test("a request that is not being fetched keeps its own signal", () => {
  const controller = new AbortController();
  const request = new Request("http://localhost/", { signal: controller.signal });
  assert.equal(request.signal.aborted, false);
  controller.abort();
  assert.equal(request.signal.aborted, true);
  assert.equal(new Request("http://localhost/").signal.aborted, false);
});
