/** Answers of sluice's own: status, reason, body as asked for; and what the access log says of every outcome. */
import assert from "node:assert/strict";
import { WIRE_ENGINE } from "../../support/engine.ts";
import { freePort } from "../../support/free_port.ts";
import { bodyText, header } from "../../support/raw_message.ts";
import { answer, breakOff, hang } from "../../support/recorder_scripts.ts";
import { WireStage } from "../../support/wire_stage.ts";

/** A second rule whose only target refuses, and none for the rest. */
function refusing(): Record<string, string> {
  return {
    LISTENER_RULE_1_PATH_PREFIX: "/web",
    LISTENER_RULE_2_PATH_PREFIX: "/dead",
    LISTENER_RULE_2_TARGET_GROUP: "dead",
    TARGET_GROUP_2_NAME: "dead",
    TARGET_GROUP_2_TARGETS: `127.0.0.1:${freePort()}`,
  };
}

Deno.test("sluice's own responses have empty bodies, and a reason only if asked (A47, A48, A51)", async () => {
  await using stage = await WireStage.start({ env: { ...refusing(), REASON_HEADER: "false" } });
  await using client = await stage.connect();
  for (const [path, status] of [["/nowhere", 404], ["/dead", 502], ["/web\\", 400]] as const) {
    for (const method of ["GET", "HEAD", "POST"]) {
      const got = await client.exchange(stage.head(`${method} ${path}`), method);
      assert.deepEqual([got.status, header(got, "content-length"), got.body.length], [status, "0", 0]);
      assert.equal(header(got, "x-sluice-reason"), null);
      assert.equal(header(got, "server"), null);
    }
  }
  const { lines, stats } = await stage.settled();
  assert.deepEqual([...new Set(lines.map((line) => line.reason))], ["no_rule", "connect_refused", "bad_request"]);
  assert.deepEqual([stats.reasons.no_rule, stats.reasons.connect_refused, stats.reasons.bad_request], [3, 3, 3]);
});

Deno.test("ERROR_BODY=json says error, reason and status", async () => {
  await using stage = await WireStage.start({ env: { ...refusing(), ERROR_BODY: "json" } });
  for (const [path, status, reason] of [["/nowhere", 404, "no_rule"], ["/dead", 502, "connect_refused"]] as const) {
    const got = await stage.ask(`GET ${path}`);
    assert.deepEqual([got.status, header(got, "content-type")], [status, "application/json"]);
    const body = JSON.parse(bodyText(got));
    assert.deepEqual(Object.keys(body), ["error", "reason", "status"]);
    assert.deepEqual([body.reason, body.status, typeof body.error], [reason, status, "string"]);
    assert.equal((await stage.settled()).line.responseBytes, got.body.length);
    const head = await stage.ask(`HEAD ${path}`);
    assert.deepEqual([head.status, head.body.length], [status, 0]);
  }
  const own = await stage.ask("GET /web", { script: answer(404, [], "its own") });
  assert.equal(bodyText(own), "its own", "a target's errors stay its own");
});

Deno.test("ERROR_BODY=text says it in a line", async () => {
  await using stage = await WireStage.start({ env: { ...refusing(), ERROR_BODY: "text" } });
  const got = await stage.ask("GET /nowhere");
  assert.deepEqual([got.status, header(got, "content-type")], [404, "text/plain; charset=utf-8"]);
  assert.match(bodyText(got), /^[A-Z][^\n]+\n$/);
});

Deno.test("the access log has one line for every outcome, with all its fields (E13)", async (t) => {
  await using stage = await WireStage.start({ env: { ...refusing(), CONNECTION_TIMEOUT: "300" } });
  const target = stage.target.address;
  const cases: [string, () => Promise<unknown>, Record<string, unknown>][] = [
    ["an answer", () => stage.ask("POST /web/x?q=1", { headers: ["Content-Length: 3"], body: "abc" }), {
      ...{ method: "POST", path: "/web/x?q=1", status: 200, reason: null, rule: 1, group: "web", target, attempts: 1 },
      ...{ requestBytes: 3, responseBytes: 2, cutBy: null },
    }],
    ["no rule", () => stage.ask("GET /nowhere"), {
      ...{ status: 404, reason: "no_rule", rule: null, group: null, target: null, attempts: 0, ttfbMs: null },
    }],
    ["a malformed request", () => stage.ask("GET /web\\"), {
      status: 400,
      reason: "bad_request",
      rule: null,
      attempts: 0,
    }],
    ["a refused target", () => stage.ask("GET /dead"), {
      ...{ status: 502, reason: "connect_refused", rule: 2, group: "dead", attempts: 1, ttfbMs: null },
    }],
    ["a timeout", () => stage.ask("GET /web", { script: hang() }), {
      status: 504,
      reason: "timeout",
      target,
      ttfbMs: null,
    }],
    ["a broken transfer", () => stage.ask("GET /web", { script: breakOff(100, 10) }), {
      ...{ status: 200, reason: null, cutBy: "target", responseBytes: 10 },
    }],
  ];
  for (const [name, act, expected] of cases) {
    await t.step(name, async () => {
      stage.clear();
      await act();
      const { line } = await stage.settled();
      for (const [field, value] of Object.entries(expected)) assert.deepEqual([field, line[field]], [field, value]);
      assert.equal(line.client, "127.0.0.1");
      assert.equal(line.host, stage.host);
      assert.match(line.time as string, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.ok((line.totalMs as number) >= 0);
      assert.match(line.id as string, /^\S+$/);
    });
  }
  const { lines } = await stage.settled();
  assert.equal(new Set(lines.map((line) => line.id)).size, cases.length, "each has an id of its own");
});

Deno.test("nothing that a client or a target sends breaks a line of the access log", async () => {
  await using stage = await WireStage.start({ env: { LOG_LEVEL: "debug", HEADER_CONVENTION_ENABLE: "true" } });
  const paths = ["/%0a%0d%1b[31m", '/"},{"status":200', "/?\"'<script>", "/x?a=%e2%80%a8", "/x?\\u000a"];
  for (const path of paths) {
    const headers = ['X-Request-Id: a"}', "User-Agent: \x9b31m", 'X-Forwarded-For: "}', "Referer: \x85"];
    assert.equal((await stage.ask(`GET ${path}`, { headers })).status, 200);
  }
  assert.equal(
    (await stage.ask("GET /x", { headers: ["X-Request-Id: a\x1b[31m"] })).status,
    400,
    "refused by the parser",
  );
  const { lines } = await stage.settled();
  // Deno.serve tells of no request that it refuses.
  const expected = paths.length + (WIRE_ENGINE ? 1 : 0);
  assert.equal(lines.length, expected);
  const printed = stage.sluice.stdout.split("\n").filter((line) => line !== "");
  assert.equal(printed.length, expected, "one line each");
  // deno-lint-ignore no-control-regex
  for (const line of printed) assert.ok(!/[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(line), JSON.stringify(line));
  assert.ok(lines.slice(0, paths.length).every((line) => line.status === 200 && /^[\w-]+$/.test(line.id as string)));
});
