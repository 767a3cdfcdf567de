import assert from "node:assert/strict";
import { type MockTarget, type MockTargetOptions, startMockTarget } from "../../../src/tools/mock_target.ts";
import { until } from "../../support/poll.ts";

const encoder = new TextEncoder();

async function withMock(options: Partial<MockTargetOptions>, run: (mock: MockTarget) => Promise<void>): Promise<void> {
  const mock = await startMockTarget({ port: 0, ...options });
  try {
    await run(mock);
  } finally {
    await mock.shutdown();
  }
}

/** Sends bytes and reads until the end; a reset ends the text too, and is told. */
async function exchange(mock: MockTarget, bytes: string): Promise<{ text: string; wasReset: boolean }> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: mock.port });
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65536);
  let text = "";
  try {
    await connection.write(encoder.encode(bytes));
    for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
      text += decoder.decode(buffer.subarray(0, n));
    }
    return { text, wasReset: false };
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionReset) return { text, wasReset: true };
    throw error;
  } finally {
    connection.close();
  }
}

async function put(mock: MockTarget, change: unknown): Promise<Response> {
  return await fetch(`${mock.url}/_mock`, { method: "PUT", body: JSON.stringify(change) });
}

Deno.test("A57 A61 a mock answers any method with JSON that begins with who it is", async () => {
  await withMock({}, async (mock) => {
    const { text } = await exchange(
      mock,
      "PURGE /a/../b%20c?x=1&x=%2f HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nX-A: 2\r\nConnection: close\r\n" +
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    );
    const body = text.slice(text.indexOf("\r\n\r\n") + 4);
    assert.equal(body.split("\n")[1], `  "server": "mock-${mock.port}",`);
    const answer = JSON.parse(body);
    assert.deepEqual([answer.method, answer.path, answer.query], ["PURGE", "/a/../b%20c", "x=1&x=%2f"]);
    assert.deepEqual(answer.headers["x-a"], ["1", "2"]);
    assert.equal(answer.headers.host, "h");
    assert.equal(answer.bodyBytes, 5);
    assert.match(text, new RegExp(`^x-served-by: mock-${mock.port}\r$`, "im"));
    assert.deepEqual([mock.served, mock.probes], [1, 0]);
  });
});

Deno.test("A57 a mock counts a long upload without keeping it, and answers HEAD without a body", async () => {
  await withMock({}, async (mock) => {
    const chunk = new Uint8Array(65536);
    let left = 512;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left-- > 0) controller.enqueue(chunk);
        else controller.close();
      },
    });
    const answer = await (await fetch(`${mock.url}/up`, { method: "POST", body })).json();
    assert.equal(answer.bodyBytes, 512 * 65536);
    const head = await exchange(mock, "HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert.match(head.text, /content-length: [1-9]/i);
    assert.ok(head.text.endsWith("\r\n\r\n"));
  });
});

Deno.test("A59 A60 the error code is sent everywhere, and on /health unless a health code is set", async () => {
  await withMock({ errorCode: 500 }, async (mock) => {
    const statuses = async () => {
      const answers = [await fetch(`${mock.url}/x`), await fetch(`${mock.url}/health?deep=1`)];
      for (const answer of answers) await answer.body?.cancel();
      return answers.map((answer) => answer.status);
    };
    assert.deepEqual(await statuses(), [500, 500]);
    await (await put(mock, { healthCode: 200 })).body?.cancel();
    assert.deepEqual(await statuses(), [500, 200]);
    await (await put(mock, { errorCode: null, healthCode: 503 })).body?.cancel();
    assert.deepEqual(await statuses(), [200, 503]);
    assert.deepEqual([mock.served, mock.probes], [3, 3]);
  });
});

Deno.test("A58 the delay passes before the response, with jitter; a health code comes at once", async () => {
  const waits: number[] = [];
  const clock = {
    wallMs: () => 0,
    monotonicMs: () => 0,
    after(ms: number, run: () => void) {
      waits.push(ms);
      queueMicrotask(run);
      return () => {};
    },
    every: () => () => {},
  };
  await withMock({ delayMs: 100, jitterMs: 40, random: () => 0.25, clock }, async (mock) => {
    await (await fetch(mock.url)).body?.cancel();
    await (await fetch(`${mock.url}/health`)).body?.cancel();
    assert.deepEqual(waits, [110, 110]);
    mock.faults = { ...mock.faults, healthCode: 200 };
    await (await fetch(`${mock.url}/health`)).body?.cancel();
    assert.deepEqual(waits, [110, 110]);
  });
});

Deno.test("an error rate fails that share of the requests", async () => {
  const dice = [0.1, 0.29, 0.3, 0.9];
  await withMock({ errorRate: 0.3, random: () => dice.shift()! }, async (mock) => {
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) {
      const answer = await fetch(mock.url);
      await answer.body?.cancel();
      statuses.push(answer.status);
    }
    assert.deepEqual(statuses, [500, 500, 200, 200]);
  });
});

Deno.test("a reset tears the connection down without an answer, on /health too, and can be healed", async () => {
  await withMock({}, async (mock) => {
    await (await put(mock, { reset: true })).body?.cancel();
    for (const path of ["/", "/health"]) {
      const { text, wasReset } = await exchange(mock, `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`);
      assert.deepEqual([text, wasReset], ["", true]);
    }
    assert.deepEqual(await (await put(mock, { reset: false })).json(), { reset: false });
    assert.equal((await (await fetch(mock.url)).json()).method, "GET");
  });
});

Deno.test("a hanging mock accepts and stays silent, and dies with its connections", async () => {
  const mock = await startMockTarget({ port: 0, hang: true });
  const silent = exchange(mock, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  const faults = await (await fetch(`${mock.url}/_mock`)).json();
  assert.deepEqual(faults, { hang: true });
  await until(() => mock.served > 0, "the request at the mock");
  await mock.shutdown();
  assert.equal((await silent).text, "");
});

Deno.test("a slow body sends the headers first and then every byte in pieces", async () => {
  const waiting: (() => void)[] = [];
  const clock = {
    wallMs: () => 0,
    monotonicMs: () => 0,
    after(_ms: number, run: () => void) {
      waiting.push(run);
      return () => {};
    },
    every: () => () => {},
  };
  await withMock({ slowBodyMs: 1000, clock }, async (mock) => {
    const answer = await fetch(mock.url);
    assert.equal(answer.status, 200);
    const whole = answer.json();
    let pieces = 0;
    let done = false;
    whole.then(() => done = true);
    await until(
      () => {
        const next = waiting.shift();
        if (next !== undefined) {
          pieces++;
          next();
        }
        return done;
      },
      "the whole body",
      { everyMs: 1 },
    );
    assert.equal((await whole).method, "GET");
    assert.equal(pieces, 10);
  });
});

Deno.test("a wrong change of faults is refused with what is allowed, and DELETE takes changes back", async () => {
  await withMock({ delayMs: 1 }, async (mock) => {
    const refused = await put(mock, { delay: 5, hang: true });
    assert.equal(refused.status, 400);
    const { error, allowed } = await refused.json();
    assert.deepEqual(error, ['Unknown fault "delay"']);
    assert.deepEqual(Object.keys(allowed), [
      "delayMs",
      "jitterMs",
      "errorRate",
      "errorCode",
      "healthCode",
      "hang",
      "reset",
      "slowBodyMs",
    ]);
    assert.deepEqual(mock.faults, { delayMs: 1 });
    await (await put(mock, { errorCode: 503 })).body?.cancel();
    assert.deepEqual(mock.faults, { delayMs: 1, errorCode: 503 });
    await (await fetch(`${mock.url}/_mock`, { method: "DELETE" })).body?.cancel();
    assert.deepEqual(mock.faults, { delayMs: 1 });
    const wrong = await fetch(`${mock.url}/_mock`, { method: "POST", body: "{}" });
    await wrong.body?.cancel();
    assert.equal(wrong.status, 405);
    assert.equal(mock.served, 0);
  });
});

Deno.test("a mock echoes over WebSocket with the subprotocol that was asked for", async () => {
  await withMock({}, async (mock) => {
    const socket = new WebSocket(mock.url.replace("http", "ws") + "/chat", ["v1.chat"]);
    const echo = await new Promise<string>((resolve, reject) => {
      socket.onopen = () => socket.send("hello");
      socket.onmessage = (event) => resolve(event.data);
      socket.onerror = () => reject(new Error("The socket failed"));
    });
    assert.deepEqual([echo, socket.protocol], ["hello", "v1.chat"]);
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.close();
    await closed;
  });
});

Deno.test("an upgrade to something else than WebSocket gets a plain answer", async () => {
  await withMock({}, async (mock) => {
    const { text } = await exchange(mock, "GET /h2 HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    assert.match(text, /^HTTP\/1\.1 200 /);
    assert.match(text, /"path": "\/h2"/);
  });
});

Deno.test("a port that was held by a mock can be taken again at once", async () => {
  const first = await startMockTarget({ port: 0 });
  await (await fetch(first.url)).body?.cancel();
  await first.shutdown();
  const again = await startMockTarget({ port: first.port, name: "again" });
  assert.equal((await (await fetch(again.url)).json()).server, "again");
  await assert.rejects(startMockTarget({ port: again.port }));
  await again.shutdown();
});
