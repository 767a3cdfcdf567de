import assert from "node:assert/strict";
import { ask, type Question } from "../../support/ask.ts";
import { freePort } from "../../support/free_port.ts";
import { until } from "../../support/poll.ts";
import { header, headerValues } from "../../support/raw_message.ts";
import { answer, byPath, hang, okay } from "../../support/recorder_scripts.ts";
import { RecorderTarget } from "../../support/recorder_target.ts";
import { type SluiceProcess, startSluice } from "../../support/sluice_process.ts";

/** Variables of rules and groups, numbered from `first` on: each a prefix, a rewrite (null: unset) and targets. */
function rules(
  list: readonly (readonly [prefix: string, rewrite: string | null, targets: string])[],
  numbers: readonly number[] = list.map((_, i) => i + 1),
): Record<string, string> {
  const env: Record<string, string> = {};
  list.forEach(([prefix, rewrite, targets], i) => {
    const n = numbers[i]!;
    env[`LISTENER_RULE_${n}_PATH_PREFIX`] = prefix;
    if (rewrite !== null) env[`LISTENER_RULE_${n}_PATH_REWRITE`] = rewrite;
    env[`LISTENER_RULE_${n}_TARGET_GROUP`] = `group-${n}`;
    env[`TARGET_GROUP_${n}_NAME`] = `group-${n}`;
    env[`TARGET_GROUP_${n}_TARGETS`] = targets;
  });
  return env;
}

Deno.test("A1, A42 to A47, A53, B5: the longest prefix of whole segments wins, and paths are rewritten", async (t) => {
  await using target = await RecorderTarget.start();
  const at = target.address;
  const env = rules([
    ["/my/listener", "/my/listener", `${at}/v1`],
    ["/api", "/api", `${at}/v1`],
    ["/api/deep", null, `${at}/deep/`],
    ["/public", "", at],
    ["/slash/", "/slash", `${at}/s`],
    ["/other", "/elsewhere", `${at}/o`],
  ], [30, 7, 2, 900, 11, 4]);
  await using sluice = await startSluice({ env });

  /** Asks, and gives the path under which the target saw it; the status where it did not. */
  const seen = async (path: string, question?: Question): Promise<string | number> => {
    const before = target.requests.length;
    const { status } = await ask(sluice.url, path, question);
    return target.requests.length === before ? status : target.requests.at(-1)!.path;
  };
  const table: readonly (readonly [string, string | number, string])[] = [
    ["/my/listener/resource", "/v1/resource", "A46: the documented example"],
    ["/my/listener", "/v1", "nothing behind the prefix: the base alone"],
    ["/api", "/v1", "as in the specification"],
    ["/api/", "/v1/", "the / that the client sent stays"],
    ["/api//x", "/v1//x", "an empty segment stays"],
    ["/api/x?a=1&b=%20&c=+&d", "/v1/x?a=1&b=%20&c=+&d", "A53: the query byte for byte"],
    ["/api/x?", "/v1/x?", "an empty query too"],
    ["/api?u=http://a/b?c", "/v1?u=http://a/b?c", "a query that looks like a path"],
    ["/apix", 404, "A47: whole segments only"],
    ["/api/deep/er", "/deep/api/deep/er", "A45: longest first, whatever the number; B5: no rewrite variable at all"],
    ["/api/deeper", "/v1/deeper", "the shorter one takes its neighbour"],
    ["/public/a%2Fb;c=d", "/public/a%2Fb;c=d", "A43: an empty rewrite strips nothing; percent-encodings stay"],
    ["/public/../other/x", "/o/other/x", "dot segments are resolved before matching"],
    ["/public/%2e%2e/api/x", "/v1/x", "also the encoded ones"],
    ["/public/..%2fapi", "/public/..%2fapi", "an encoded / separates nothing"],
    ["/slash/", "/s/", "a prefix that ends in / matches itself"],
    ["/slash/x", "/s/x", "and what is below it"],
    ["/slash", 404, "but not what it ends"],
    ["/other/x", "/o/other/x", "A43: a rewrite that does not match strips nothing"],
    ["/", 404, "A47: no rule"],
    ["/nowhere", 404, "A47: no rule"],
  ];
  for (const [path, expected, why] of table) {
    await t.step(`${path} -> ${expected}: ${why}`, async () => assert.equal(await seen(path), expected));
  }
  const stats = await sluice.settled();
  const reached = table.filter(([, expected]) => typeof expected === "string").length;
  assert.equal(stats.groups.reduce((sum, { requests }) => sum + requests, 0), reached);
  assert.equal(target.requests.length, reached);
  assert.equal(stats.reasons.no_rule, table.length - reached);
  assert.deepEqual(stats.rules.map(({ number }) => number), [2, 4, 7, 11, 30, 900]);
});

Deno.test("A16 to A18, A44: targets are given as host, port and base; a group is found by its name", async () => {
  await using one = await RecorderTarget.start();
  await using two = await RecorderTarget.start();
  await using six = await RecorderTarget.start(okay(), { hostname: "::1" });
  await using sluice = await startSluice({
    env: rules([
      ["/plain", "/plain", `127.0.0.1:${one.port}`],
      ["/base", "/base", `127.0.0.1:${one.port}/api`],
      ["/two", "/two", `localhost:${one.port}/v1,http://localhost:${two.port}/v1/`],
      ["/six", "/six", `[::1]:${six.port}/base/`],
    ]),
  });
  for (const path of ["/plain/x", "/base/x", "/two/x", "/two/y", "/six/x"]) {
    assert.equal((await ask(sluice.url, path)).status, 200, path);
  }
  assert.deepEqual(one.requests.map(({ path }) => path), ["/x", "/api/x", "/v1/x"]);
  assert.deepEqual(two.requests.map(({ path }) => path), ["/v1/y"]);
  assert.deepEqual(six.requests.map(({ path }) => path), ["/base/x"]);
  assert.equal(header(six.requests[0]!, "host"), `[::1]:${six.port}`);
  assert.equal(header(two.requests[0]!, "host"), `localhost:${two.port}`);
});

/** What every answer of sluice's own has in common: its status, no body at all, and its reason in the stats. */
async function assertEmpty(sluice: SluiceProcess, path: string, expected: { status: number; reason: string }) {
  const before = (await sluice.stats()).reasons as Record<string, number>;
  const { status, body, response } = await ask(sluice.url, path);
  assert.equal(status, expected.status, path);
  assert.equal(body, "");
  assert.deepEqual(headerValues(response, "content-length"), ["0"]);
  assert.equal(header(response, "content-type"), null);
  const after = (await sluice.settled()).reasons as Record<string, number>;
  assert.equal(after[expected.reason], before[expected.reason]! + 1, `${path}: ${JSON.stringify(after)}`);
}

Deno.test("A47 to A51, A73, B6: 404, 502, 503 and 504 are sluice's own, with a reason and no body", async (t) => {
  await using deaf = await RecorderTarget.start(hang());
  await using sick = await RecorderTarget.start(answer(500));
  const [closed, other] = [freePort(), freePort()];
  await using sluice = await startSluice({
    env: {
      ...rules([
        ["/refused", null, `127.0.0.1:${closed}`],
        ["/all-refused", null, `127.0.0.1:${closed},127.0.0.1:${other}`],
        ["/deaf", null, deaf.address],
        ["/sick", null, sick.address],
      ]),
      CONNECTION_TIMEOUT: "300",
      TARGET_GROUP_4_HEALTH_CHECK_ENABLED: "true",
      TARGET_GROUP_4_HEALTH_CHECK_INTERVAL: "50ms",
    },
  });
  await sluice.waitForEvent(({ event, to }) => event === "target_state" && to === "unhealthy");
  await t.step("A47: 404 if no rule matches", () => assertEmpty(sluice, "/", { status: 404, reason: "no_rule" }));
  await t.step(
    "A48: 502 where the connection is refused",
    () => assertEmpty(sluice, "/refused", { status: 502, reason: "connect_refused" }),
  );
  await t.step(
    "503 where two were tried and both refused",
    () => assertEmpty(sluice, "/all-refused", { status: 503, reason: "all_targets_refused" }),
  );
  await t.step(
    "A49: 503 where no target is eligible",
    () => assertEmpty(sluice, "/sick", { status: 503, reason: "no_target" }),
  );
  await t.step(
    "A3, A50: 504 after CONNECTION_TIMEOUT",
    () => assertEmpty(sluice, "/deaf", { status: 504, reason: "timeout" }),
  );
  await until(() => deaf.open === 0, "the timed-out exchange to be closed at the target");
});

Deno.test("A52, A56: a target's response passes through, errors too, and so does the client's request", async (t) => {
  const codes = [200, 201, 301, 400, 401, 404, 409, 418, 429, 500, 501, 502, 503, 504];
  await using target = await RecorderTarget.start(
    byPath(Object.fromEntries(codes.map((code) => [
      `/${code}`,
      answer(code, ["X-Mine: yes", "Content-Type: text/x-own", "Location: /away"], `own ${code}`),
    ]))),
  );
  await using sluice = await startSluice({ env: rules([["/", null, target.address]]) });
  for (const code of codes) {
    await t.step(`${code} comes back with its headers and body`, async () => {
      const { status, body, response } = await ask(sluice.url, `/${code}`);
      assert.equal(status, code);
      assert.equal(body, `own ${code}`);
      assert.equal(header(response, "x-mine"), "yes");
      assert.equal(header(response, "content-type"), "text/x-own");
      assert.equal(header(response, "location"), "/away");
    });
  }
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
    await t.step(`${method} reaches the target with its body`, async () => {
      await ask(sluice.url, "/200", { method, body: `body of ${method}` });
      const last = target.requests.at(-1)!;
      assert.equal(last.method, method);
      assert.equal(new TextDecoder().decode(last.body), `body of ${method}`);
    });
  }
  assert.equal(target.requests.length, codes.length + 5, "none was sent twice");
  const stats = await sluice.settled();
  assert.deepEqual(Object.entries(stats.reasons).filter(([, count]) => count > 0), []);
  assert.equal(stats.total.errors, codes.filter((code) => code >= 500).length);
});

Deno.test("ERROR_BODY and REASON_HEADER give sluice's own responses a body and a reason (C10)", async () => {
  const closed = freePort();
  const env = { ...rules([["/refused", null, `127.0.0.1:${closed}`]]), REASON_HEADER: "true" };
  await using json = await startSluice({ env: { ...env, ERROR_BODY: "json" } });
  const answer = await ask(json.url, "/refused");
  assert.equal(header(answer.response, "content-type"), "application/json");
  assert.equal(header(answer.response, "x-sluice-reason"), "connect_refused");
  const { error, reason, status } = JSON.parse(answer.body);
  assert.deepEqual({ reason, status, error: typeof error }, {
    reason: "connect_refused",
    status: 502,
    error: "string",
  });
  await using text = await startSluice({ env: { ...env, ERROR_BODY: "text" } });
  const plain = await ask(text.url, "/nowhere");
  assert.equal(header(plain.response, "content-type"), "text/plain; charset=utf-8");
  assert.match(plain.body, /\w/);
  assert.equal(header(plain.response, "x-sluice-reason"), "no_rule");
});

Deno.test("a rule whose target is sluice itself starts with a warning and answers 508 instead of looping", async () => {
  const port = freePort();
  await using sluice = await startSluice({
    env: { ...rules([["/", null, `127.0.0.1:${port}`]]), LISTENER_PORT: String(port) },
  });
  assert.ok(
    sluice.events.some(({ event, message }) => event === "config_warning" && String(message).includes("listener")),
  );
  const { status } = await ask(sluice.url, "/");
  assert.equal(status, 508);
  const stats = await sluice.settled();
  assert.equal(stats.reasons.loop, 1);
  assert.equal(stats.total.requests, 2, "the client's, and the one that came back");
});
