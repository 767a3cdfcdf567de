/** What is sent again and what is not: counted where it matters, at the targets. */
import assert from "node:assert/strict";
import { freePort } from "../../support/free_port.ts";
import { bodyText, header } from "../../support/raw_message.ts";
import { answer, closeBeforeHeaders, okay, resetBeforeHeaders } from "../../support/recorder_scripts.ts";
import type { AnswerScript } from "../../support/recorder_target.ts";
import { WireStage } from "../../support/wire_stage.ts";

/** Answers the first request of each connection and closes it when a second one has come, unanswered. */
function closeWhenReused(): AnswerScript {
  const used = new Set<number>();
  return async (turn) => {
    if (!used.has(turn.connection)) {
      used.add(turn.connection);
      return await okay()(turn);
    }
    await turn.body();
    await turn.socket.close();
  };
}

function total(stage: WireStage): number {
  return stage.counts.reduce((sum, count) => sum + count, 0);
}

for (const reuse of ["always", "safe"]) {
  const title = `a request that is not idempotent never reaches targets twice, with UPSTREAM_REUSE=${reuse}`;
  Deno.test(title, (t) => checkSentOnce(t, reuse));
}

async function checkSentOnce(t: Deno.TestContext, reuse: string): Promise<void> {
  await using stage = await WireStage.start({ targets: 2, env: { RETRY_ATTEMPTS: "5", UPSTREAM_REUSE: reuse } });
  // It meets a connection's end then, and is not sent again; else it goes over a connection of its own.
  const shares = reuse === "always" && Deno.env.get("UPSTREAM_TRANSPORT") !== "fetch";
  const bodies: Record<string, { headers: string[]; body?: string }> = {
    "without a body": { headers: [] },
    "with a small body": { headers: ["Content-Length: 5"], body: "hello" },
    "with a large body": { headers: ["Content-Length: 300000"], body: "x".repeat(300_000) },
    "chunked": { headers: ["Transfer-Encoding: chunked"], body: "5\r\nhello\r\n0\r\n\r\n" },
  };
  for (const method of ["POST", "PATCH", "FOO"]) {
    for (const [name, request] of Object.entries(bodies)) {
      await t.step(`${method} ${name}`, async () => {
        stage.clear();
        // Leaves idle connections behind, which the targets close as soon as they are used again.
        stage.script = closeWhenReused();
        for (let i = 0; i < 4; i++) await stage.ask("GET /warm");
        const warm = total(stage);
        const reused = await stage.ask(`${method} /x`, request);
        assert.equal(reused.status, shares ? 502 : 200);
        assert.equal(header(reused, "x-sluice-reason"), shares ? "reset_before_headers" : null);
        assert.equal(total(stage), warm + 1);
        stage.clear();
        const got = await stage.ask(`${method} /x`, { ...request, script: closeBeforeHeaders() });
        assert.deepEqual([got.status, header(got, "x-sluice-reason")], [502, "reset_before_headers"]);
        assert.equal(total(stage), 1);
      });
    }
  }
  const { lines } = await stage.settled();
  const attempts = lines.filter((line) => line.method !== "GET").map((line) => line.attempts);
  assert.deepEqual([...new Set(attempts)], [1]);
}

Deno.test("a GET on a connection that its target has closed meanwhile is sent again and answered", async () => {
  await using stage = await WireStage.start();
  stage.script = closeWhenReused();
  for (let i = 0; i < 6; i++) assert.equal((await stage.ask("GET /x")).status, 200);
  const { stats } = await stage.settled();
  assert.equal(stats.total.errors, 0);
});

Deno.test("RETRY_ATTEMPTS bounds how often an idempotent request is sent, to other targets first", async (t) => {
  for (const [allowed, sent] of [[0, [1, 0]], [1, [1, 1]]] as const) {
    await t.step(`${allowed} with two targets`, async () => {
      await using stage = await WireStage.start({ targets: 2, env: { RETRY_ATTEMPTS: String(allowed) } });
      const got = await stage.ask("GET /x", { script: resetBeforeHeaders() });
      assert.deepEqual([got.status, header(got, "x-sluice-reason")], [502, "reset_before_headers"]);
      assert.deepEqual(stage.counts, sent);
      const { line, stats } = await stage.settled();
      assert.deepEqual([line.attempts, stats.total.retries], [allowed + 1, allowed]);
    });
  }
  await t.step("3 with one target", async () => {
    await using stage = await WireStage.start({ env: { RETRY_ATTEMPTS: "3" } });
    await stage.ask("GET /x", { script: closeBeforeHeaders() });
    assert.deepEqual(stage.counts, [4]);
    await stage.settled();
  });
  await t.step("the second target's answer is the client's", async () => {
    await using stage = await WireStage.start({ targets: 2 });
    stage.targets[0]!.script = closeBeforeHeaders();
    stage.targets[1]!.script = okay("second");
    for (const method of ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]) {
      const got = await stage.ask(`${method} /x`, { headers: ["Content-Length: 0"] });
      assert.equal(got.status, 200, method);
    }
    const { stats } = await stage.settled();
    assert.deepEqual([stats.total.errors, stats.groups[0]!.targets[1]!.requests], [0, 5]);
  });
  await t.step("a PUT is given its body again", async () => {
    await using stage = await WireStage.start({ targets: 2 });
    const body = "x".repeat(100_000);
    const framings: [string, string][] = [["Content-Length: 100000", body], [
      "Transfer-Encoding: chunked",
      `186a0\r\n${body}\r\n0\r\n\r\n`,
    ]];
    stage.targets[0]!.script = resetBeforeHeaders();
    for (let i = 0; i < 4; i++) {
      const [framing, sent] = framings[i % 2]!;
      assert.equal((await stage.ask("PUT /x", { headers: [framing], body: sent })).status, 200);
    }
    for (const request of stage.targets[1]!.requests) assert.ok(bodyText(request) === body);
    assert.equal(stage.targets[1]!.requests.length, 4);
    await stage.settled();
  });
  await t.step("never after response headers, nor for an answer that is an error", async () => {
    await using stage = await WireStage.start({ targets: 2, env: { RETRY_ATTEMPTS: "5" } });
    assert.equal((await stage.ask("GET /x", { script: answer(503) })).status, 503);
    stage.script = async ({ socket }) => {
      await socket.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
      await socket.reset();
    };
    assert.equal((await stage.ask("GET /x")).cutOff, true);
    assert.equal(total(stage), 2);
    await stage.settled();
  });
});

Deno.test("a refused connection moves any request on to the next target, whole, once each", async (t) => {
  await using stage = await WireStage.start({
    addresses: [`127.0.0.1:${freePort()}`, `127.0.0.1:${freePort()}`],
    env: { RETRY_ATTEMPTS: "0" },
  });
  const large = Array.from({ length: 200_000 }, (_, i) => String.fromCharCode(97 + i % 26)).join("");
  const requests: [string, string[], string, string][] = [
    ["GET", [], "", ""],
    ["POST", [], "", ""],
    ["POST", ["Content-Length: 5"], "hello", "hello"],
    ["POST", [`Content-Length: ${large.length}`], large, large],
    ["PATCH", ["Transfer-Encoding: chunked"], "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "hello"],
    ["DELETE", ["Content-Length: 5"], "hello", "hello"],
  ];
  for (const [method, headers, sent, seen] of requests) {
    await t.step(`${method} ${headers.join()}`, async () => {
      stage.clear();
      // As often as there are targets, so that each comes first once.
      for (let i = 0; i < 3; i++) assert.equal((await stage.ask(`${method} /x`, { headers, body: sent })).status, 200);
      assert.deepEqual(
        stage.target.requests.map((r) => [r.method, bodyText(r) === seen]),
        Array(3).fill([method, true]),
      );
    });
  }
  const { lines, stats } = await stage.settled();
  assert.deepEqual(new Set(lines.map((line) => line.attempts)), new Set([1, 2, 3]));
  assert.equal(stats.total.errors, 0);
  assert.ok(stats.total.connectFailures > 0);
});
