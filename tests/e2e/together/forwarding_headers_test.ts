/** What targets learn about clients and earlier proxies, and whose headers sluice believes. */
import assert from "node:assert/strict";
import { header, headerValues } from "../../support/raw_message.ts";
import { RawClient } from "../../support/raw_client.ts";
import { seenHeader, seenHeaders } from "../../support/seen_headers.ts";
import { WireStage } from "../../support/wire_stage.ts";

Deno.test("with HEADER_CONVENTION_ENABLE a target learns who asked for what (A9 to A15)", async (t) => {
  await using stage = await WireStage.start({ env: { HEADER_CONVENTION_ENABLE: "true" } });
  const port = String(stage.sluice.port);
  await t.step("of a client that says nothing", async () => {
    const got = await stage.ask("GET /x");
    assert.equal(seenHeader(stage, "x-forwarded-for"), "127.0.0.1");
    assert.equal(seenHeader(stage, "x-forwarded-host"), stage.host);
    assert.equal(seenHeader(stage, "x-forwarded-port"), port);
    assert.equal(seenHeader(stage, "x-forwarded-proto"), "http");
    assert.equal(seenHeader(stage, "x-real-ip"), "127.0.0.1");
    const id = seenHeader(stage, "x-request-id")!;
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(header(got, "x-request-id"), id);
    assert.equal((await stage.settled()).line.id, id);
  });
  await t.step("X-Forwarded-For is appended to, the others are set anew", async () => {
    await stage.ask("GET /x", {
      headers: [
        "X-Forwarded-For: 192.0.2.1, 192.0.2.2",
        "X-Forwarded-Host: evil",
        "X-Forwarded-Port: 1",
        "X-Forwarded-Proto: https",
        "X-Real-IP: 192.0.2.3",
      ],
    });
    assert.equal(seenHeader(stage, "x-forwarded-for"), "192.0.2.1, 192.0.2.2, 127.0.0.1");
    assert.equal(seenHeader(stage, "x-forwarded-host"), stage.host);
    assert.equal(seenHeader(stage, "x-forwarded-port"), port);
    assert.equal(seenHeader(stage, "x-forwarded-proto"), "http");
    assert.equal(seenHeader(stage, "x-real-ip"), "127.0.0.1");
  });
  await t.step("a sane X-Request-Id is kept, another is replaced", async () => {
    for (const id of ["abc-123", "a".repeat(128), "Root=1-67891233-abcdef012345678912345678"]) {
      const got = await stage.ask("GET /x", { headers: [`X-Request-Id: ${id}`] });
      assert.deepEqual([seenHeader(stage, "x-request-id"), header(got, "x-request-id")], [id, id]);
    }
    for (const id of ["a b", "a".repeat(129), '"><script>', "a\tb", "caf\xe9", ""]) {
      const got = await stage.ask("GET /x", { headers: [`X-Request-Id: ${id}`] });
      assert.match(seenHeader(stage, "x-request-id")!, /^[0-9a-f-]{36}$/);
      assert.equal(headerValues(got, "x-request-id").length, 1);
    }
  });
  await t.step("answers of sluice's own carry the id too", async () => {
    const got = await stage.ask("GET /\\x", { headers: ["X-Request-Id: mine"] });
    assert.deepEqual([got.status, header(got, "x-request-id")], [400, "mine"]);
  });
  await stage.settled();
});

Deno.test("without HEADER_CONVENTION_ENABLE the client's own forwarding headers pass untouched (A9)", async () => {
  await using stage = await WireStage.start();
  const headers = [
    "x-forwarded-for: 192.0.2.1",
    "x-forwarded-proto: https",
    "x-real-ip: 192.0.2.3",
    "x-request-id: a b",
  ];
  const got = await stage.ask("GET /x", { headers });
  for (const line of headers) assert.ok(seenHeaders(stage).includes(line), line);
  assert.equal(header(got, "x-request-id"), null);
  assert.equal((await stage.settled()).line.client, "127.0.0.1", "the client's address is the peer's");
});

Deno.test("TRUSTED_PROXIES says whose forwarding headers are believed", async (t) => {
  const said = [
    "X-Forwarded-For: 203.0.113.9, 198.51.100.7, 10.1.2.3",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: shop.example",
    "X-Real-IP: 203.0.113.9",
    "Forwarded: for=203.0.113.9",
    "X-Forwarded-Prefix: /p",
  ];
  await t.step("a trusted peer's: the first address from the right that is no proxy is the client's", async () => {
    await using stage = await WireStage.start({
      env: { TRUSTED_PROXIES: "127.0.0.0/8,10.0.0.0/8", HEADER_CONVENTION_ENABLE: "true" },
    });
    await stage.ask("GET /x", { headers: said });
    assert.equal((await stage.settled()).line.client, "198.51.100.7");
    assert.equal(seenHeader(stage, "x-forwarded-for"), "203.0.113.9, 198.51.100.7, 10.1.2.3, 127.0.0.1");
    assert.equal(seenHeader(stage, "x-forwarded-proto"), "https");
    assert.equal(seenHeader(stage, "x-forwarded-host"), "shop.example");
    assert.equal(seenHeader(stage, "forwarded"), "for=203.0.113.9");
    await stage.ask("GET /x", { headers: ["X-Forwarded-For: 192.0.2.1, unknown, 10.1.2.3"] });
    assert.equal((await stage.settled()).line.client, "10.1.2.3", "what is no address ends the walk");
  });
  await t.step("a port that a trusted peer does not name is that of its Host, or its scheme's", async () => {
    await using stage = await WireStage.start({
      env: { TRUSTED_PROXIES: "127.0.0.0/8", HEADER_CONVENTION_ENABLE: "true" },
    });
    for (
      const [headers, port] of [
        [["X-Forwarded-Proto: https", "X-Forwarded-Host: shop.example"], "443"],
        [["X-Forwarded-Proto: https", "X-Forwarded-Host: shop.example:8443"], "8443"],
        [["X-Forwarded-Proto: http", "X-Forwarded-Host: [::1]"], "80"],
        [["X-Forwarded-Proto: https"], String(stage.sluice.port)],
        [["X-Forwarded-Proto: https", "X-Forwarded-Port: 444"], "444"],
        [[], String(stage.sluice.port)],
      ] as const
    ) {
      await stage.ask("GET /x", { headers });
      assert.equal(seenHeader(stage, "x-forwarded-port"), port, headers.join("; "));
    }
  });
  await t.step("any other peer's are removed", async () => {
    for (const convention of ["true", "false"]) {
      await using stage = await WireStage.start({
        env: { TRUSTED_PROXIES: "10.0.0.0/8", HEADER_CONVENTION_ENABLE: convention },
      });
      await stage.ask("GET /x", { headers: said });
      assert.equal((await stage.settled()).line.client, "127.0.0.1");
      assert.ok(!stage.target.raw.includes("203.0.113.9"), stage.target.raw);
      assert.ok(!/x-forwarded-prefix|shop\.example|https/.test(stage.target.raw), stage.target.raw);
      assert.equal(seenHeader(stage, "x-forwarded-for"), convention === "true" ? "127.0.0.1" : null);
    }
  });
});

Deno.test("a client has one address, however it is written", async (t) => {
  await t.step("an IPv4 client of a listener on :: is known by its IPv4 address", async () => {
    await using stage = await WireStage.start({ env: { LISTENER_HOST: "::", HEADER_CONVENTION_ENABLE: "true" } });
    await using client = await RawClient.connect(`http://127.0.0.1:${stage.sluice.port}`);
    await client.exchange(stage.head("GET /x"));
    assert.equal(seenHeader(stage, "x-forwarded-for"), "127.0.0.1");
    assert.equal(seenHeader(stage, "x-real-ip"), "127.0.0.1");
    assert.equal((await stage.settled()).line.client, "127.0.0.1");
  });
  await t.step("X-Real-IP, the access log and HASH take one form of what a trusted proxy wrote", async () => {
    await using stage = await WireStage.start({
      targets: 4,
      env: {
        TRUSTED_PROXIES: "127.0.0.0/8",
        HEADER_CONVENTION_ENABLE: "true",
        TARGET_GROUP_1_ALGORITHM: "HASH",
        TARGET_GROUP_1_HASH_KEY: "client-ip",
      },
    });
    for (let i = 1; i <= 8; i++) {
      const pairs = [
        [`2001:db8::${i}`, `2001:DB8:0:0::000${i}`],
        [`203.0.113.${i}`, `::ffff:203.0.113.${i}`],
      ];
      for (const [form, other] of pairs) {
        const before = stage.counts;
        for (const text of [form!, other!]) {
          await stage.ask("GET /x", { headers: [`X-Forwarded-For: ${text}`] });
          assert.equal((await stage.settled()).line.client, form);
        }
        const [used, ...more] = stage.targets.filter((target, i) => target.requests.length > before[i]!);
        assert.deepEqual(more, [], `${form} and ${other} go to one target`);
        assert.deepEqual(used!.requests.slice(-2).map((request) => header(request, "x-real-ip")), [form, form]);
      }
    }
  });
});

Deno.test("forwarding headers with underscores, which CGI confuses with sluice's own, are removed", async (t) => {
  const said = [
    "X_Forwarded_For: 203.0.113.9",
    "x-forwarded_for: 203.0.113.9",
    "X_Real_IP: 203.0.113.9",
    "X_REAL-IP: 203.0.113.9",
    "X_Forwarded_Proto: evil",
  ];
  for (const proxies of ["10.0.0.0/8", "127.0.0.0/8"]) {
    await t.step(`with TRUSTED_PROXIES=${proxies}`, async () => {
      await using stage = await WireStage.start({ env: { TRUSTED_PROXIES: proxies } });
      await stage.ask("GET /x", { headers: [...said, "X_Other: kept", "X_Request_Id: kept"] });
      assert.ok(!/203\.0\.113\.9|evil/.test(stage.target.raw), stage.target.raw);
      assert.deepEqual([seenHeader(stage, "x_other"), seenHeader(stage, "x_request_id")], ["kept", "kept"]);
      await stage.settled();
    });
  }
  await t.step("with HEADER_CONVENTION_ENABLE, for what the convention sets", async () => {
    await using stage = await WireStage.start({ env: { HEADER_CONVENTION_ENABLE: "true" } });
    await stage.ask("GET /x", { headers: [...said, "X_Request_Id: evil", "X_Forwarded_Prefix: /kept"] });
    assert.ok(!/203\.0\.113\.9|evil/.test(stage.target.raw), stage.target.raw);
    assert.equal(seenHeader(stage, "x_forwarded_prefix"), "/kept");
    await stage.settled();
  });
  await t.step("with neither they pass as they came", async () => {
    await using stage = await WireStage.start();
    await stage.ask("GET /x", { headers: said });
    assert.equal(seenHeader(stage, "x_real_ip"), "203.0.113.9");
    await stage.settled();
  });
});
