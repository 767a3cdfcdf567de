/**
 * What `/decisions` and the access log say of requests that are over: what was known then, and why an attempt failed.
 */
import assert from "node:assert/strict";
import type { Decision } from "../../../src/views/decision.ts";
import type { Explanation } from "../../../src/views/explanation.ts";
import { ask } from "../../support/ask.ts";
import { freePort } from "../../support/free_port.ts";
import { groupEnvironment, MockGroup } from "../../support/mock_group.ts";
import { until } from "../../support/poll.ts";
import { headerValues } from "../../support/raw_message.ts";
import { bytes, closeBeforeHeaders, hang } from "../../support/recorder_scripts.ts";
import { RecorderTarget } from "../../support/recorder_target.ts";
import { type SluiceProcess, startSluice } from "../../support/sluice_process.ts";

/** The decision of the request with this path, once it is over. */
function decisionOf(sluice: SluiceProcess, path: string): Promise<Decision> {
  return until(async () => {
    const { decisions } = await sluice.adminJson("/decisions") as { decisions: Decision[] };
    return decisions.find((decision) => decision.path === path);
  }, `the decision of ${path}`);
}

/** The number in `hash 0.123456`. */
function hashOf(score: string): number {
  return Number(/^hash ([0-9.]+)$/.exec(score)![1]);
}

Deno.test("a decision of HASH has the request's key, the scores, and the target chosen of how many", async () => {
  await using mocks = await MockGroup.start(12);
  await using sluice = await startSluice({
    env: groupEnvironment(mocks.list, {
      TARGET_GROUP_1_ALGORITHM: "HASH",
      TARGET_GROUP_1_HASH_KEY: "header:X-User",
    }),
  });
  const scores = new Set<string>();
  const chosen = new Set<string>();
  for (let user = 0; user < 30; user++) {
    const header = `X-User: user-${user}`;
    const { servedBy } = await ask(sluice.url, `/${user}`, { headers: [header] });
    const decision = await decisionOf(sluice, `/${user}`);
    assert.equal(decision.key, `user-${user}`);
    assert.deepEqual([decision.candidateCount, decision.targetCount], [12, 12]);
    assert.equal(decision.chosen, `127.0.0.1:${servedBy!.slice("mock-".length)}`);
    const best = decision.candidates.toSorted((a, b) => hashOf(b.score) - hashOf(a.score))[0]!;
    assert.equal(best.target, decision.chosen, JSON.stringify(decision.candidates));
    const query = new URLSearchParams({ method: "GET", url: `/${user}`, header });
    const { candidates } = await sluice.adminJson(`/explain?${query}`) as Explanation;
    for (const { target, score } of decision.candidates) {
      assert.equal(candidates.find((candidate) => candidate.target === target)!.score, score);
    }
    scores.add(decision.candidates[0]!.score);
    chosen.add(decision.chosen!);
  }
  assert.equal(scores.size, 30, "each key has scores of its own");
  assert.ok(chosen.size > 8, "some were chosen from behind the first eight");
});

Deno.test("a HASH key that is a secret is not shown, and two of them can be told apart all the same", async () => {
  await using mocks = await MockGroup.start(1);
  const group = (n: number, key: string) => ({
    [`TARGET_GROUP_${n}_NAME`]: `g${n}`,
    [`TARGET_GROUP_${n}_TARGETS`]: mocks.list,
    [`TARGET_GROUP_${n}_ALGORITHM`]: "HASH",
    [`TARGET_GROUP_${n}_HASH_KEY`]: key,
    [`LISTENER_RULE_${n}_PATH_PREFIX`]: `/${n}`,
    [`LISTENER_RULE_${n}_TARGET_GROUP`]: `g${n}`,
  });
  await using sluice = await startSluice({ env: { ...group(1, "cookie:sid"), ...group(2, "header:X-Auth-Token") } });
  const keyOf = async (path: string, header: string) => {
    await ask(sluice.url, path, { headers: [header] });
    return (await decisionOf(sluice, path)).key!;
  };
  for (const [n, header] of [[1, "Cookie: sid="], [2, "X-Auth-Token: "]] as const) {
    const keys = [await keyOf(`/${n}/a`, `${header}hunter1`), await keyOf(`/${n}/b`, `${header}hunter2`)];
    assert.equal(await keyOf(`/${n}/c`, `${header}hunter1`), keys[0]);
    assert.notEqual(keys[0], keys[1]);
    for (const key of keys) assert.match(key, /^\*\*\* \(hash [0-9a-f]{8}\)$/);
  }
});

Deno.test("a decision of LRT has the failures in a row that counted against a target", async () => {
  await using mocks = await MockGroup.start(1);
  const dead = `127.0.0.1:${freePort()}`;
  await using sluice = await startSluice({
    env: groupEnvironment(`${dead},${mocks.list}`, {
      TARGET_GROUP_1_ALGORITHM: "LRT",
      TARGET_GROUP_1_EJECTION_ENABLED: "false",
    }),
  });
  await until(async () => {
    await ask(sluice.url, "/fails");
    return (await sluice.stats()).groups[0]!.targets[0]!.connectFailures > 0;
  }, "the dead target to be tried");
  await ask(sluice.url, "/after");
  const { candidates } = await decisionOf(sluice, "/after");
  assert.match(candidates.find(({ target }) => target === dead)!.score, /^in flight 0 \+ [1-9][0-9]* failed x /);
});

Deno.test("STICKY pins a client to the target whose headers came, and by no answer of sluice's own", async () => {
  const dead = `127.0.0.1:${freePort()}`;
  await using deaf = await RecorderTarget.start(hang());
  await using target = await RecorderTarget.start();
  await using broken = await RecorderTarget.start(
    bytes("HTTP/1.1 200 OK\r\nContent-Length: no\r\n\r\n", { close: true }),
  );
  const group = (n: number, name: string, targets: string) => ({
    [`TARGET_GROUP_${n}_NAME`]: name,
    [`TARGET_GROUP_${n}_TARGETS`]: targets,
    [`TARGET_GROUP_${n}_ALGORITHM`]: "STICKY",
    [`LISTENER_RULE_${n}_PATH_PREFIX`]: `/${name}`,
    [`LISTENER_RULE_${n}_TARGET_GROUP`]: name,
  });
  await using sluice = await startSluice({
    env: {
      CONNECTION_TIMEOUT: "300ms",
      ...group(1, "deaf", deaf.address),
      ...group(2, "dead", dead),
      ...group(3, "broken", broken.address),
      ...group(4, "moves", `${dead},${target.address}`),
    },
  });
  const handshake = [
    ...["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"],
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ];
  for (const headers of [[], handshake]) {
    for (const [path, status] of [["/deaf", 504], ["/dead", 502], ["/broken", 502]] as const) {
      const { response } = await ask(sluice.url, path, { headers });
      assert.deepEqual([path, response.status, headerValues(response, "set-cookie")], [path, status, []]);
    }
  }
  const { response } = await ask(sluice.url, "/moves");
  const cookies = headerValues(response, "set-cookie");
  assert.equal(response.status, 200);
  assert.equal(cookies.length, 1);
  const again = await ask(sluice.url, "/moves/again", { headers: [`Cookie: ${cookies[0]!.split(";")[0]}`] });
  assert.deepEqual([again.status, headerValues(again.response, "set-cookie")], [200, []]);
  const decision = await decisionOf(sluice, "/moves/again");
  assert.deepEqual([decision.chosen, decision.pinned], [target.address, target.address]);
  assert.equal((await decisionOf(sluice, "/moves")).pinned, null);
});

Deno.test("log, decision and dashboard say why a target's response could not be passed on", async () => {
  await using target = await RecorderTarget.start();
  await using sluice = await startSluice({ env: groupEnvironment(target.address, { RETRY_ATTEMPTS: "0" }) });
  const cases = [
    [
      "/length",
      bytes("HTTP/1.1 200 OK\r\nContent-Length: no\r\n\r\n", { close: true }),
      "bad_response",
      /Content-Length/i,
    ],
    ["/closed", closeBeforeHeaders(), "reset_before_headers", /\w/],
    ["/fine", undefined, null, null],
  ] as const;
  const normal = target.script;
  for (const [path, script, reason, detail] of cases) {
    target.script = script ?? normal;
    await ask(sluice.url, path, { method: "POST", body: "x" });
    const decision = await decisionOf(sluice, path);
    assert.deepEqual([path, decision.reason], [path, reason]);
    const said = decision.attempts.at(-1)!.detail;
    if (detail === null) assert.equal(said, null);
    else assert.match(said!, detail);
  }
  const lines = await sluice.accessLines(3);
  const decisions = await Promise.all(cases.map(([path]) => decisionOf(sluice, path)));
  assert.deepEqual(lines.map((line) => line.detail), decisions.map(({ attempts }) => attempts.at(-1)!.detail));
  const details = decisions.flatMap(({ attempts }) => attempts.at(-1)!.detail ?? []);
  const abort = new AbortController();
  const events = await fetch(`${sluice.adminUrl}/events`, { signal: abort.signal });
  let seen = "";
  for await (const text of events.body!.pipeThrough(new TextDecoderStream())) {
    seen += text;
    if (details.every((detail) => seen.includes(JSON.stringify(detail)))) break;
  }
  abort.abort();
});

Deno.test("a decision says who broke a transfer off after its headers", async () => {
  await using target = await RecorderTarget.start(
    bytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", { close: true }),
  );
  await using sluice = await startSluice({ env: groupEnvironment(target.address) });
  await ask(sluice.url, "/cut");
  assert.equal((await decisionOf(sluice, "/cut")).cutBy, "target");
});
