/** LOCATION_REWRITE: redirects to the target's own address lead back to sluice. */
import assert from "node:assert/strict";
import { header, type RawResponse } from "../../support/raw_message.ts";
import { answer, bytes } from "../../support/recorder_scripts.ts";
import { WireStage } from "../../support/wire_stage.ts";

const REWRITE = { LOCATION_REWRITE: "true" };

/** Asks, on a connection of its own, for a response with these header lines. */
async function redirected(
  stage: WireStage,
  lines: readonly string[],
  asked: { path?: string; headers?: readonly string[]; status?: number } = {},
): Promise<RawResponse> {
  const script = answer(asked.status ?? 302, lines);
  return await stage.ask(`GET ${asked.path ?? "/x"}`, { headers: asked.headers, script });
}

async function location(stage: WireStage, url: string, asked: Parameters<typeof redirected>[2] = {}) {
  return header(await redirected(stage, [`Location: ${url}`], asked), "location");
}

Deno.test("without LOCATION_REWRITE a redirect passes as the target wrote it", async () => {
  await using stage = await WireStage.start();
  const url = `http://${stage.target.address}/login`;
  assert.equal(await location(stage, url), url);
});

Deno.test("a redirect to the target's own address names the client's address with LOCATION_REWRITE", async (t) => {
  await using stage = await WireStage.start({ env: REWRITE });
  const own = stage.target.address;
  const client = `http://${stage.host}`;
  await t.step("path, query and fragment stay as they came", async () => {
    assert.equal(
      await location(stage, `http://${own}/login?next=%2Fa//b&u=http://${own}/#top`),
      `${client}/login?next=%2Fa//b&u=http://${own}/#top`,
    );
    assert.equal(await location(stage, `HTTP://${own}/a`), `${client}/a`);
    assert.equal(await location(stage, `http://${own}`), client + "/");
    assert.equal(await location(stage, `http://${own}?a=1`), `${client}/?a=1`);
    assert.equal(await location(stage, `//${own}/a`), `//${stage.host}/a`);
  });
  await t.step("Content-Location and Refresh too, whatever the status is", async () => {
    const got = await redirected(stage, [`Content-Location: http://${own}/a`, `Refresh: 5; URL="http://${own}/b"`], {
      status: 200,
    });
    assert.equal(header(got, "content-location"), `${client}/a`);
    assert.equal(header(got, "refresh"), `5; URL="${client}/b"`);
    const bare = await redirected(stage, [`Refresh: 0;http://${own}/b`], { status: 200 });
    assert.equal(header(bare, "refresh"), `0;${client}/b`);
  });
  await t.step("every other address stays", async () => {
    const port = Number(own.split(":")[1]);
    for (
      const url of [
        `https://${own}/a`,
        `http://127.0.0.1:${port - 1}/a`,
        `http://127.0.0.1${port}/a`,
        `http://user@${own}/a`,
        `http://${own}.example/a`,
        `http://other.example/?u=http://${own}/`,
        `/http://${own}/a`,
        "/login",
        "login",
        "",
      ]
    ) assert.equal(await location(stage, url), url);
    assert.equal(header(await redirected(stage, ["Refresh: 5"]), "refresh"), "5");
  });
  await t.step("the client's address is the Host that it asked for", async () => {
    await using kept = await stage.connect();
    stage.script = answer(301, [`Location: http://${own}/a`]);
    for (
      const [line, host, origin] of [
        ["GET /x", "shop.example:8080", "http://shop.example:8080"],
        ["GET http://other.example/x", "shop.example", "http://other.example"],
      ]
    ) {
      const got = await kept.exchange(`${line} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      assert.equal(header(got, "location"), `${origin}/a`);
    }
  });
  await t.step("no peer is believed without TRUSTED_PROXIES", async () => {
    const headers = ["X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example"];
    assert.equal(await location(stage, `http://${own}/a`, { headers }), `${client}/a`);
  });
  await stage.settled();
});

Deno.test("a redirect goes back through the rule's rewrite and the target's base", async (t) => {
  await using stage = await WireStage.start();
  const own = stage.target.address;
  const env = {
    ...REWRITE,
    TARGET_GROUP_1_TARGETS: `${own}/v1`,
    LISTENER_RULE_1_PATH_PREFIX: "/api",
    LISTENER_RULE_1_PATH_REWRITE: "/api",
  };
  await using based = await WireStage.start({ targets: 0, env });
  const client = `http://${based.host}`;
  for (
    const [from, to] of [
      ["/v1/login?a=1", "/api/login?a=1"],
      ["/v1", "/api"],
      ["/v1/", "/api/"],
      // Not below the base, so no path of this rule leads there.
      ["/v2/login", "/v2/login"],
      ["/v1x", "/v1x"],
    ]
  ) {
    await t.step(`${from} is the client's ${to}`, async () => {
      stage.script = answer(302, [`Location: http://${own}${from}`]);
      assert.equal(header(await based.ask("GET /api/x"), "location"), client + to);
    });
  }
});

Deno.test("behind a trusted proxy a redirect names the scheme and host that the proxy tells of", async (t) => {
  await using stage = await WireStage.start({ env: { ...REWRITE, TRUSTED_PROXIES: "127.0.0.1" } });
  const url = `http://${stage.target.address}/a`;
  for (
    const [headers, origin] of [
      [["X-Forwarded-Proto: https", "X-Forwarded-Host: shop.example"], "https://shop.example"],
      [["X-Forwarded-Proto: HTTPS, http"], `https://${stage.host}`],
      [["X-Forwarded-Host: shop.example:8443"], "http://shop.example:8443"],
      [["X-Forwarded-Proto: javascript", "X-Forwarded-Host: a/evil"], `http://${stage.host}`],
      // A proxy that adds to what its client sent: nobody knows who said the first.
      [["X-Forwarded-Host: evil.example, shop.example"], `http://${stage.host}`],
      [[], `http://${stage.host}`],
    ] as const
  ) {
    await t.step(`${headers.join("; ")} is ${origin}`, async () => {
      assert.equal(await location(stage, url, { headers }), `${origin}/a`);
    });
  }
  await t.step("a target that was told https names its own address with https", async () => {
    const own = stage.target.address;
    const headers = ["X-Forwarded-Proto: https"];
    assert.equal(await location(stage, `https://${own}/a`, { headers }), `https://${stage.host}/a`);
    assert.equal(await location(stage, `https://${own}/a`), `https://${own}/a`, "nobody said https");
  });
  await t.step("any other peer tells nothing", async () => {
    await using other = await WireStage.start({ env: { ...REWRITE, TRUSTED_PROXIES: "10.0.0.0/8" } });
    const headers = ["X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example"];
    assert.equal(await location(other, `http://${other.target.address}/a`, { headers }), `http://${other.host}/a`);
  });
});

Deno.test("a target by name is found under its name and its address, and one group's switch is its own", async () => {
  await using target = await WireStage.start();
  const port = target.target.address.split(":")[1]!;
  await using stage = await WireStage.start({
    targets: 0,
    addresses: [`localhost:${port}`],
    env: {
      DNS_FAMILY: "ipv4",
      TARGET_GROUP_1_LOCATION_REWRITE: "true",
      TARGET_GROUP_2_NAME: "plain",
      TARGET_GROUP_2_TARGETS: `127.0.0.1:${port}`,
      LISTENER_RULE_2_PATH_PREFIX: "/plain",
      LISTENER_RULE_2_TARGET_GROUP: "plain",
    },
  });
  for (const own of [`localhost:${port}`, `LocalHost:${port}`, `127.0.0.1:${port}`]) {
    target.script = answer(302, [`Location: http://${own}/a`]);
    assert.equal(header(await stage.ask("GET /x"), "location"), `http://${stage.host}/a`);
    assert.equal(header(await stage.ask("GET /plain"), "location"), `http://${own}/a`);
  }
});

Deno.test("a target on loopback is localhost too: some applications always name themselves so", async () => {
  await using stage = await WireStage.start({ env: REWRITE });
  const port = stage.target.address.split(":")[1];
  assert.equal(await location(stage, `http://localhost:${port}/a`), `http://${stage.host}/a`);
  assert.equal(await location(stage, `http://localhost:1/a`), `http://localhost:1/a`);
});

Deno.test("a redirect that refuses a WebSocket leads back to sluice too", async () => {
  await using stage = await WireStage.start({ env: REWRITE });
  stage.script = bytes(
    `HTTP/1.1 302 Found\r\nLocation: http://${stage.target.address}/login\r\nContent-Length: 0\r\n\r\n`,
  );
  const got = await stage.ask("GET /ws", {
    headers: [
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ],
  });
  assert.deepEqual([got.status, header(got, "location")], [302, `http://${stage.host}/login`]);
  await stage.settled();
});
