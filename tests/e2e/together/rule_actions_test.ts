/** What a client gets of rules with conditions and actions, with each engine. */
import assert from "node:assert/strict";
import { until } from "../../support/poll.ts";
import { rawExchange } from "../../support/raw_client.ts";
import { bodyText, header } from "../../support/raw_message.ts";
import { RecorderTarget } from "../../support/recorder_target.ts";
import { ask, type Asked, ruleEnvironment, startTwo } from "../../support/rule_traffic.ts";
import { type SluiceProcess, startSluice } from "../../support/sluice_process.ts";

async function reasons(sluice: SluiceProcess): Promise<Record<string, number>> {
  const { reasons } = await sluice.stats();
  return Object.fromEntries(Object.entries(reasons).filter(([, count]) => count > 0));
}

for (const engine of ["serve", "wire"]) {
  Deno.test(`${engine}: each kind of condition sends its requests where it says, and explain agrees`, async (t) => {
    await using two = await startTwo();
    const conditions: Readonly<Record<string, string>> = {
      HOST: "api.example|*.api.example",
      PATH: "/images/*|*.jpg",
      PATH_REGEX: "^/v[0-9]+/users",
      METHOD: "PURGE|POST",
      HEADER: "X-Canary: true|1 && X-Tenant: a*",
      COOKIE: "beta=1|yes",
      QUERY: "version=2*",
      SOURCE_IP: "10.9.0.0/16",
      PROTOCOL: "https",
    };
    const rules: Record<string, string> = { "50_TARGET_GROUP": "green" };
    Object.entries(conditions).forEach(([name, text], index) => {
      rules[`${index + 1}_${name}`] = text;
      rules[`${index + 1}_PRIORITY`] = String(index + 1);
      rules[`${index + 1}_TARGET_GROUP`] = "blue";
    });
    await using sluice = await startSluice({
      env: {
        ...ruleEnvironment({ blue: two.blue.address, green: two.green.address }, rules),
        LISTENER_ENGINE: engine,
        TRUSTED_PROXIES: "127.0.0.1",
      },
    });
    const table: readonly (readonly [number, Asked])[] = [
      [1, { host: "API.example:8080" }],
      [1, { host: "a.b.api.example." }],
      [1, { host: "shop.example", path: "http://api.example/" }],
      [50, { lines: ["X-Forwarded-Host: api.example"] }],
      [2, { path: "/images/a/b" }],
      [2, { path: "/a.jpg?x" }],
      [50, { path: "/a.JPG" }],
      [3, { path: "/v12/users/7" }],
      [50, { path: "/V1/users" }],
      [4, { method: "PURGE" }],
      [5, { lines: ["X-Canary: no", "x-tenant: ACME", "X-Canary: TRUE"] }],
      [50, { lines: ["X-Canary: true"] }],
      [6, { lines: ["Cookie: a=b; beta=yes"] }],
      [50, { lines: ["Cookie: beta=YES"] }],
      [7, { path: "/?Version=2.1" }],
      [8, { lines: ["X-Forwarded-For: 192.0.2.1, 10.9.1.2"] }],
      [50, { lines: ["X-Forwarded-For: 10.9.1.2, 192.0.2.1"] }],
      [50, { lines: ["X-Forwarded-For: 10.9.1.2, junk"] }],
      [9, { lines: ["X-Forwarded-Proto: https"] }],
      [50, {}],
    ];
    for (const [expected, asked] of table) {
      await t.step(`rule ${expected} takes ${JSON.stringify(asked)}`, async () => {
        const before = [two.blue.requests.length, two.green.requests.length];
        assert.equal((await ask(sluice.url, asked)).status, 200);
        const got = [two.blue.requests.length - before[0]!, two.green.requests.length - before[1]!];
        assert.deepEqual(got, expected === 50 ? [0, 1] : [1, 0]);
        const url = new URL("/explain", sluice.adminUrl);
        const { path = "/", method = "GET", host = "shop.example", lines = [] } = asked;
        url.searchParams.set("method", method);
        url.searchParams.set("url", path);
        for (const line of [`Host: ${host}`, ...lines]) url.searchParams.append("header", line);
        const { rules } = await (await fetch(url)).json();
        assert.equal(rules.find((rule: { matched: boolean }) => rule.matched).number, expected);
      });
    }
    const stats = await sluice.stats();
    assert.equal(stats.rules.find(({ number }) => number === 5)!.requests, 1);
    assert.equal(stats.rules.find(({ number }) => number === 50)!.conditions, "every request");
  });

  Deno.test(`${engine}: redirects and fixed responses are the rule's own, and no failures`, async () => {
    await using sluice = await startSluice({
      env: {
        ...ruleEnvironment({}, {
          "1_HOST": "old.example",
          "1_REDIRECT": "301 https://new.example/#{path}?#{query}",
          "2_PATH": "/down",
          "2_FIXED_RESPONSE": "503 text/html <b>Back soon é</b>",
          "3_PATH": "/none",
          "3_FIXED_RESPONSE": "204",
          "4_HOST": "loop.example",
          "4_REDIRECT": "302 http://#{host}/#{path}?#{query}",
        }),
        LISTENER_ENGINE: engine,
        ERROR_BODY: "json",
        REASON_HEADER: "true",
        HEADER_CONVENTION_ENABLE: "true",
      },
    });
    const moved = await ask(sluice.url, { host: "OLD.example:81", path: "/a%20b//c?x=1&y" });
    assert.equal(moved.status, 301);
    assert.equal(header(moved, "location"), "https://new.example/a%20b//c?x=1&y");
    assert.equal(header(moved, "x-sluice-reason"), "redirect");
    assert.equal(bodyText(moved), "");
    assert.ok(header(moved, "x-request-id"));
    const posted = await ask(sluice.url, { host: "old.example", method: "POST", lines: ["Content-Length: 0"] });
    assert.deepEqual([posted.status, header(posted, "location")], [301, "https://new.example/"]);

    const down = await ask(sluice.url, { path: "/down" });
    assert.equal(down.status, 503);
    assert.equal(header(down, "content-type"), "text/html;charset=utf-8");
    assert.equal(header(down, "content-length"), String(new TextEncoder().encode(bodyText(down)).length));
    assert.equal(bodyText(down), "<b>Back soon é</b>");
    const head = await ask(sluice.url, { path: "/down", method: "HEAD" });
    assert.deepEqual([head.status, bodyText(head)], [503, ""]);
    assert.equal((await ask(sluice.url, { path: "/none" })).status, 204);
    assert.equal((await ask(sluice.url, { host: "loop.example", path: "/x?" })).status, 302, "its ? is left out");
    const loop = await ask(sluice.url, { host: "loop.example", path: "/x" });
    assert.deepEqual([loop.status, header(loop, "x-sluice-reason")], [508, "loop"]);
    assert.equal((await ask(sluice.url, { path: "/other" })).status, 404);

    assert.deepEqual(await reasons(sluice), { redirect: 3, fixed_response: 3, loop: 1, no_rule: 1 });
    const { decisions } = await (await fetch(new URL("/decisions?reason=redirect", sluice.adminUrl))).json();
    assert.deepEqual(decisions.map((each: { status: number; rule: number }) => [each.status, each.rule]), [
      [302, 4],
      [301, 1],
      [301, 1],
    ]);
    assert.equal((await sluice.stats()).total.inFlight, 0);
  });

  Deno.test(`${engine}: a redirect keeps its connection, and what stands in a body is read past`, async () => {
    await using sluice = await startSluice({
      env: { ...ruleEnvironment({}, { "1_REDIRECT": "308 /new" }), LISTENER_ENGINE: engine },
    });
    const response = await ask(sluice.url, { path: "/a", method: "POST", lines: ["Content-Length: 2", "", "hi"] });
    assert.equal(response.status, 308);
  });

  Deno.test(`${engine}: path and Host change on the way to the target`, async () => {
    await using target = await RecorderTarget.start();
    await using sluice = await startSluice({
      env: {
        ...ruleEnvironment({ web: `${target.address}/base` }, {
          "1_PATH_PREFIX": "/v1",
          "1_REWRITE_REGEX": "^/v1/(.*)$ /v2/$1",
          "1_HOST_REWRITE": "internal.example:81",
          "1_TARGET_GROUP": "web",
          "2_TARGET_GROUP": "web",
        }),
        PRESERVE_HOST: "true",
        HEADER_CONVENTION_ENABLE: "true",
        LISTENER_ENGINE: engine,
      },
    });
    await ask(sluice.url, { path: "/v1/a%2Fb/?q=1" });
    await ask(sluice.url, { path: "/other" });
    const [changed, other] = target.requests;
    assert.equal(changed!.path, "/base/v2/a%2Fb/?q=1");
    assert.equal(header(changed!, "host"), "internal.example:81");
    assert.equal(header(changed!, "x-forwarded-host"), "shop.example");
    assert.equal(other!.path, "/base/other");
    assert.equal(header(other!, "host"), "shop.example");
  });

  Deno.test(`${engine}: a reload brings the first expression to every worker, and takes a mistake back`, async () => {
    const rule = (text: string) => `LISTENER_RULE_1_PATH=/x\nLISTENER_RULE_1_FIXED_RESPONSE=200\n${text}`;
    await using sluice = await startSluice({
      envFileText: rule(""),
      env: { LISTENER_ENGINE: engine, LISTENER_WORKERS: "2" },
    });
    assert.equal((await ask(sluice.url, { path: "/v7" })).status, 404);
    const { generation: before } = await sluice.stats();
    await Deno.writeTextFile(
      `${sluice.cwd}/.env`,
      rule("LISTENER_RULE_2_PATH_REGEX=^/v[0-9]$\nLISTENER_RULE_2_FIXED_RESPONSE=203\n"),
    );
    sluice.signal("SIGHUP");
    await until(async () => {
      const { generation, workers } = await sluice.stats();
      return generation > before && workers.every((worker) => worker.generation === generation);
    }, "every worker to serve by the new rules");
    for (let i = 0; i < 8; i++) assert.equal((await ask(sluice.url, { path: "/v7" })).status, 203);
    assert.equal((await ask(sluice.url, { path: "/v77" })).status, 404);
    await Deno.writeTextFile(
      `${sluice.cwd}/.env`,
      rule("LISTENER_RULE_2_PATH_REGEX=^/(\nLISTENER_RULE_2_FIXED_RESPONSE=203\n"),
    );
    sluice.signal("SIGHUP");
    await sluice.waitForEvent(({ event }) => event === "reload_refused", "the refusal");
    assert.equal((await ask(sluice.url, { path: "/v7" })).status, 203);
  });
}

Deno.test("an HTTP/1.0 client without Host gets 400 if the Location needs a host", async () => {
  await using sluice = await startSluice({
    env: {
      ...ruleEnvironment({}, {
        "1_PATH": "/own",
        "1_REDIRECT": "301 https://new.example/#{path}",
        "2_REDIRECT": "301 https://#{host}/#{path}",
      }),
      // The engine serve refuses every request without Host.
      LISTENER_ENGINE: "wire",
      REASON_HEADER: "true",
    },
  });
  const got = async (path: string) => {
    const response = await rawExchange(sluice.url, `GET ${path} HTTP/1.0\r\n\r\n`, "GET");
    return [response.status, header(response, "x-sluice-reason"), header(response, "location")];
  };
  assert.deepEqual(await got("/a"), [400, "bad_request", null]);
  assert.deepEqual(await got("/own"), [301, "redirect", "https://new.example/own"]);
});
