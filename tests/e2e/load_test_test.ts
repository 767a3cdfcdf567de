import assert from "node:assert/strict";
import type { LoadRequest } from "../../src/tools/exchange.ts";
import { type LoadPlan, type LoadReport, runLoadTest } from "../../src/tools/load_test.ts";
import { type MockTargetOptions, startMockTarget } from "../../src/tools/mock_target.ts";
import { requestBytes, SocketExchange } from "../../src/tools/socket_exchange.ts";

const encoder = new TextEncoder();

const PLAN: LoadPlan = { total: 100, concurrency: [5], rounds: 1, timeoutMs: 20_000, rate: null, warmup: 0 };

async function load(url: string, plan: Partial<LoadPlan>, what: Partial<LoadRequest> = {}): Promise<LoadReport> {
  const request: LoadRequest = { url: new URL(url), method: "GET", headers: [], body: "", fresh: false, ...what };
  const address = { hostname: request.url.hostname, port: Number(request.url.port) };
  const bytes = requestBytes(request);
  return await runLoadTest({ ...PLAN, ...plan }, {
    openExchange: () => new SocketExchange(address, request, bytes),
    signal: new AbortController().signal,
  });
}

async function loadMock(
  options: Partial<MockTargetOptions>,
  plan: Partial<LoadPlan>,
  what: Partial<LoadRequest> = {},
): Promise<{ level: LoadReport["levels"][number]; served: number }> {
  const mock = await startMockTarget({ port: 0, ...options });
  try {
    const { levels } = await load(`${mock.url}/x`, plan, what);
    return { level: levels[0]!, served: mock.served };
  } finally {
    await mock.shutdown();
  }
}

/** A target that answers each connection by a script of its own. */
async function withTarget(
  answer: (connection: Deno.TcpConn, index: number) => Promise<void>,
  run: (url: string, connections: () => number) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let count = 0;
  const open = new Set<Promise<void>>();
  const accepting = (async () => {
    for await (const connection of listener) {
      const handled = answer(connection, count++).catch(() => {}).finally(() => {
        try {
          connection.close();
        } catch {
          // closed by the script
        }
        open.delete(handled);
      });
      open.add(handled);
    }
  })();
  try {
    await run(`http://127.0.0.1:${listener.addr.port}/`, () => count);
  } finally {
    listener.close();
    await accepting;
    await Promise.all(open);
  }
}

/** Answers each request of a connection (they come whole, being small) with these bytes. */
async function answerAll(connection: Deno.TcpConn, answer: string, times = Infinity): Promise<void> {
  const buffer = new Uint8Array(4096);
  for (let i = 0; i < times; i++) {
    if (await connection.read(buffer) === null) return;
    await connection.write(encoder.encode(answer));
  }
}

Deno.test("D12 each level and round sends its total, and the target counts the same", async () => {
  const mock = await startMockTarget({ port: 0 });
  try {
    const { levels, firstLevelWithErrors } = await load(mock.url, { total: 200, concurrency: [3, 10], rounds: 2 });
    assert.deepEqual(levels.map(({ concurrency, ok, errors }) => [concurrency, ok, errors]), [[3, 400, 0], [
      10,
      400,
      0,
    ]]);
    assert.equal(mock.served, 800);
    assert.equal(firstLevelWithErrors, null);
    assert.deepEqual(levels[0]!.targets, [{ name: mock.name, answers: 400, share: 1 }]);
  } finally {
    await mock.shutdown();
  }
});

Deno.test("D13 percentiles are right against a mock with a known distribution of delays", async () => {
  // Of 100 requests 91 take 20 ms, 5 take 300 ms, 4 take 900 ms, in a fixed order, so that p90, p95 and p99 fall into
  // three steps.
  let index = 0;
  const random = () => {
    const place = (index++ * 37) % 100;
    return place < 91 ? 0 : place < 96 ? 280 / 880 : 1;
  };
  const { level } = await loadMock({ delayMs: 20, jitterMs: 880, random }, { total: 100, concurrency: [10] });
  const { avg, p50, p90, p95, p99, max } = level.latencyMs;
  assert.equal(level.ok, 100);
  const said = JSON.stringify(level.latencyMs);
  assert.ok(p50 >= 20 && p50 < 300, said);
  assert.ok(p90 >= 20 && p90 < 300, said);
  assert.ok(p95 >= 300 && p95 < 900, said);
  assert.ok(p99 >= 900 && max >= p99, said);
  assert.ok(avg >= 0.91 * 20 + 0.05 * 300 + 0.04 * 900, said);
});

Deno.test("a target that is too slow for the timeout counts as errors of that kind", async () => {
  const { level } = await loadMock({ hang: true }, { total: 6, concurrency: [3], timeoutMs: 50 });
  assert.deepEqual([level.ok, level.errors, level.errorsByKind.timeout], [0, 6, 6]);
});

Deno.test("bad statuses, resets and refused connections are told apart", async () => {
  const failing = await loadMock({ errorCode: 503 }, { total: 20 });
  assert.deepEqual([failing.level.ok, failing.level.errorsByKind.status], [0, 20]);
  assert.deepEqual(failing.level.statuses, { "503": 20 });
  const resetting = await loadMock({ reset: true }, { total: 20 });
  assert.deepEqual([resetting.level.ok, resetting.level.errorsByKind.broken], [0, 20]);
  const gone = await startMockTarget({ port: 0 });
  await gone.shutdown();
  const [refused] = (await load(gone.url, { total: 20 })).levels;
  assert.deepEqual([refused!.ok, refused!.errorsByKind.connect], [0, 20]);
});

Deno.test("connections are kept, or made anew for each request when asked", async () => {
  const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  await withTarget((connection) => answerAll(connection, answer), async (url, connections) => {
    const [kept] = (await load(url, { total: 60, concurrency: [4] })).levels;
    assert.deepEqual([kept!.ok, connections()], [60, 4]);
    const [fresh] = (await load(url, { total: 60, concurrency: [4] }, { fresh: true })).levels;
    assert.deepEqual([fresh!.ok, connections()], [60, 64]);
  });
});

Deno.test("a kept connection that the target closed meanwhile is no error, a request that was cut off is", async () => {
  const answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
  await withTarget((connection) => answerAll(connection, answer, 3), async (url, connections) => {
    const [level] = (await load(url, { total: 30, concurrency: [1] })).levels;
    assert.deepEqual([level!.ok, level!.errors, connections()], [30, 0, 10]);
  });
  const torn = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort";
  await withTarget((connection) => answerAll(connection, torn, 1), async (url) => {
    const [level] = (await load(url, { total: 5, concurrency: [1] })).levels;
    assert.deepEqual([level!.ok, level!.errorsByKind.broken], [0, 5]);
  });
});

Deno.test("a POST on a connection that the target closed is not sent twice", async () => {
  let requests = 0;
  await withTarget(async (connection) => {
    const buffer = new Uint8Array(4096);
    if (await connection.read(buffer) === null) return;
    requests++;
    await connection.write(encoder.encode("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    if (await connection.read(buffer) !== null) requests++;
  }, async (url) => {
    const [level] = (await load(url, { total: 10, concurrency: [1] }, { method: "POST", body: "x" })).levels;
    assert.deepEqual([level!.ok, level!.errorsByKind.broken, requests], [5, 5, 10]);
  });
});

Deno.test("answers that last until the connection ends are whole", async () => {
  await withTarget((connection) => answerAll(connection, "HTTP/1.1 200 OK\r\n\r\nto the end", 1), async (url) => {
    const [level] = (await load(url, { total: 10, concurrency: [2] })).levels;
    assert.deepEqual([level!.ok, level!.errors], [10, 0]);
  });
});

Deno.test("method, headers and body arrive as given, and HEAD needs no body back", async () => {
  let head = "";
  await withTarget(async (connection) => {
    const buffer = new Uint8Array(4096);
    const count = await connection.read(buffer);
    head = new TextDecoder().decode(buffer.subarray(0, count ?? 0));
    await connection.write(
      encoder.encode('HTTP/1.1 200 OK\r\nContent-Length: 31\r\n\r\n{ "server": "by-json", "x": 1 }'),
    );
  }, async (url) => {
    const request = { method: "PUT", headers: [["X-A", "1"], ["Host", "other"]], body: "böd" } as const;
    const [level] = (await load(url, { total: 1, concurrency: [1] }, request)).levels;
    assert.equal(level!.targets[0]?.name, "by-json");
    assert.equal(
      head,
      "PUT / HTTP/1.1\r\nUser-Agent: sluice-load\r\nX-A: 1\r\nHost: other\r\nContent-Length: 4\r\n\r\nböd",
    );
  });
  const { level, served } = await loadMock({}, { total: 10 }, { method: "HEAD" });
  assert.deepEqual([level.ok, served], [10, 10]);
});
