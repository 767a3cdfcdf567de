/** What the log says of each request with LOG_LEVEL=debug. */
import assert from "node:assert/strict";
import { ask } from "../../support/ask.ts";
import { freePort } from "../../support/free_port.ts";
import { groupEnvironment, MockGroup } from "../../support/mock_group.ts";
import { until } from "../../support/poll.ts";
import { RawClient } from "../../support/raw_client.ts";
import { answer, hang } from "../../support/recorder_scripts.ts";
import { RecorderTarget } from "../../support/recorder_target.ts";
import { startSluice } from "../../support/sluice_process.ts";

Deno.test("C8, D9: LOGLEVEL=DEBUG logs each request, its target among how many equals, its response", async () => {
  await using busy = await RecorderTarget.start(hang());
  await using mocks = await MockGroup.start(2);
  await using sluice = await startSluice({
    env: {
      BACKEND_SERVERS: `http://${busy.address},${mocks.urls}`,
      ALGORITHM: "least_connections",
      LOGLEVEL: "DEBUG",
      HEALTH_CHECK_ENABLED: "0",
    },
  });
  await using held = await RawClient.connect(sluice.url);
  await held.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
  await until(() => busy.requests.length === 1, "the slow target to have a request");
  await ask(sluice.url, "/x?y=1", {
    method: "POST",
    body: "payload of mine",
    headers: ["Authorization: Bearer hunter2", "Cookie: session=hunter2", "X-Seen: yes"],
  });
  const answered = await sluice.waitForEvent(({ event }) => event === "request_answered");
  const received = sluice.events.filter(({ event }) => event === "request_received")[1]!;
  const selected = sluice.events.filter(({ event }) => event === "target_selected");
  assert.match(
    String(selected[0]!.message),
    /^Selected target \S+ \(in flight 0\) of group backends by LEAST_CONNECTIONS: one of 3 with in flight 0$/,
  );
  assert.equal(
    selected[1]!.message,
    `Selected target 127.0.0.1:${
      mocks.ports[0]
    } (in flight 0) of group backends by LEAST_CONNECTIONS: one of 2 with in flight 0`,
  );
  assert.deepEqual(selected[1]!.candidates, [
    { target: busy.address, score: "in flight 1" },
    { target: `127.0.0.1:${mocks.ports[0]}`, score: "in flight 0" },
    { target: `127.0.0.1:${mocks.ports[1]}`, score: "in flight 0" },
  ]);
  assert.match(String(received.message), /^Received POST http:\/\/front\.test\/x\?y=1 from 127\.0\.0\.1$/);
  assert.equal((received.headers as Record<string, string>)["x-seen"], "yes");
  assert.match(
    String(answered.message),
    new RegExp(`^Answered POST /x\\?y=1 with 200 from 127.0.0.1:${mocks.ports[0]} in [\\d.]+ ms$`),
  );
  assert.equal((answered.headers as Record<string, string>)["x-served-by"], mocks.at(0).name);
  assert.deepEqual([received.id, selected[1]!.id], [answered.id, answered.id]);
  assert.ok(!sluice.stderr.includes("hunter2"), "secrets are masked");
  assert.ok(!sluice.stderr.includes("payload of mine"), "bodies are never logged");
  await held.reset();
  await sluice.settled();
});

Deno.test("LOG_LEVEL=debug shows no secret of a request or an answer, and nothing that drives a terminal", async () => {
  await using target = await RecorderTarget.start(
    answer(302, ["Location: /back?code=hunter2&page=3", "X-Auth-Token: hunter2", "X-Note: a\x9b2Jb"]),
  );
  await using sluice = await startSluice({
    env: groupEnvironment(target.address, { LOG_LEVEL: "debug", ACCESS_LOG: "false" }),
  });
  await ask(sluice.url, "/x?access_token=hunter2&page=2", {
    headers: [
      ...["X-Auth-Token: hunter2", "X-Vault-Token: hunter2", "X-Amz-Security-Token: hunter2", "Api-Key: hunter2"],
      ...["X-Other: Bearer hunter2", "Referer: http://me:hunter2@a.example/?sig=hunter2&page=1", "X-Seen: a\x9b2Jb"],
    ],
  });
  const answered = await sluice.waitForEvent(({ event }) => event === "request_answered");
  const received = sluice.events.find(({ event }) => event === "request_received")!;
  const headers = received.headers as Record<string, string>;
  assert.equal(headers["x-auth-token"], "***");
  assert.equal(headers.referer, "http://***@a.example/?sig=***&page=1");
  assert.match(String(received.message), /\/x\?access_token=\*\*\*&page=2 /);
  assert.equal((answered.headers as Record<string, string>).location, "/back?code=***&page=3");
  assert.match(String(answered.message), /\/x\?access_token=\*\*\*&page=2 /);
  assert.ok(!sluice.stderr.includes("hunter2"), sluice.stderr);
  assert.ok(!/[\x80-\x9f]/.test(sluice.stderr), JSON.stringify(sluice.stderr));
  await sluice.settled();
});

Deno.test("LOG_LEVEL=debug ties a request's lines together, even with a client's id or a retry", async () => {
  await using mocks = await MockGroup.start(1);
  const closed = freePort();
  await using sluice = await startSluice({
    env: groupEnvironment(`127.0.0.1:${closed},${mocks.list}`, {
      LOG_LEVEL: "debug",
      HEADER_CONVENTION_ENABLE: "true",
    }),
  });
  await ask(sluice.url, "/", { headers: ["X-Request-Id: mine-1"] });
  const answered = await sluice.waitForEvent(({ event }) => event === "request_answered");
  assert.equal(answered.id, "mine-1");
  const received = sluice.events.find(({ event }) => event === "request_received")!;
  assert.equal(answered.receivedAs, received.id);
  const selected = sluice.events.filter(({ event }) => event === "target_selected");
  assert.deepEqual(selected.map(({ id, attempt, target }) => [id, attempt, target]), [
    ["mine-1", 1, `127.0.0.1:${closed}`],
    ["mine-1", 2, mocks.list],
  ]);
  const attempts = answered.attempts as { target: string; reason: string | null; detail: string | null }[];
  assert.deepEqual(attempts.map(({ target, reason }) => [target, reason]), [
    [`127.0.0.1:${closed}`, "connect_refused"],
    [mocks.list, null],
  ]);
  assert.match(attempts[0]!.detail!, /refused/);
  const [line] = await sluice.accessLines(1);
  assert.deepEqual([line!.id, line!.attempts], ["mine-1", 2]);
});
