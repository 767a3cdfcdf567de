import assert from "node:assert/strict";
import { ask, askTimes, Load, tally } from "../../support/ask.ts";
import { Dnsmasq } from "../../support/dnsmasq.ts";
import { testWithPrograms } from "../../support/have_program.ts";
import { groupEnvironment } from "../../support/mock_group.ts";
import { until } from "../../support/poll.ts";
import { RawClient } from "../../support/raw_client.ts";
import { bodyText, header } from "../../support/raw_message.ts";
import { chunked, okay } from "../../support/recorder_scripts.ts";
import { RecorderTarget } from "../../support/recorder_target.ts";
import { type SluiceProcess, startSluice } from "../../support/sluice_process.ts";

/** Targets at 127.0.0.1, 127.0.0.2 ... that share one port, as the addresses of one name do. */
async function sharingAPort(count: number): Promise<RecorderTarget[]> {
  const first = await RecorderTarget.start(okay("127.0.0.1"));
  const others = Array.from({ length: count - 1 }, (_, i) => `127.0.0.${i + 2}`);
  return [
    first,
    ...await Promise.all(
      others.map((hostname) => RecorderTarget.start(okay(hostname), { hostname, port: first.port })),
    ),
  ];
}

async function closeAll(targets: readonly RecorderTarget[]): Promise<void> {
  await Promise.all(targets.map((target) => target[Symbol.asyncDispose]()));
}

async function addresses(sluice: SluiceProcess): Promise<string[]> {
  return (await sluice.stats()).groups[0]!.targets.filter(({ state }) => state !== "draining").map(({ address }) =>
    address.split(":")[0]!
  );
}

testWithPrograms(
  ["dnsmasq"],
  "A19, A20: each address of a name is a target, with the name as its Host and a share of its weight",
  async () => {
    const targets = await sharingAPort(3);
    try {
      await using dns = await Dnsmasq.start(["127.0.0.1 app.test", "127.0.0.2 app.test", "127.0.0.3 one.test"]);
      const { port } = targets[0]!;
      await using sluice = await startSluice({
        env: groupEnvironment(`app.test:${port}/v1,one.test:${port}`, {
          DNS_SERVER: `127.0.0.1:${dns.port}`,
          TARGET_GROUP_1_ALGORITHM: "WEIGHTED",
          TARGET_GROUP_1_WEIGHTS: "app.test:2,one.test:3",
        }),
      });
      const answers = await askTimes(20, sluice.url, "/x");
      assert.deepEqual(tally(answers, ({ body }) => body), { "127.0.0.1": 4, "127.0.0.2": 4, "127.0.0.3": 12 });
      assert.deepEqual(targets.map(({ requests }) => requests.length), [4, 4, 12]);
      assert.equal(header(targets[1]!.requests[0]!, "host"), `app.test:${port}`);
      assert.equal(targets[1]!.requests[0]!.path, "/v1/x");
      const stats = await sluice.settled();
      assert.deepEqual(stats.groups[0]!.targets.map(({ host, requests }) => [host, requests]), [
        ["app.test", 4],
        ["app.test", 4],
        ["one.test", 12],
      ]);
      assert.ok(dns.queries.length <= 4, `never on the request path: ${dns.queries.join("; ")}`);
    } finally {
      await closeAll(targets);
    }
  },
);

testWithPrograms(
  ["dnsmasq"],
  "A41: addresses join and leave while it serves; who stays keeps its count, an open request finishes, and none is " +
    "lost",
  async () => {
    const targets = await sharingAPort(3);
    try {
      await using dns = await Dnsmasq.start(["127.0.0.1 app.test", "127.0.0.2 app.test"]);
      await using sluice = await startSluice({
        env: groupEnvironment(`app.test:${targets[0]!.port}`, {
          DNS_SERVER: `127.0.0.1:${dns.port}`,
          DNS_REFRESH_INTERVAL: "100ms",
          ACCESS_LOG: "false",
        }),
      });
      await askTimes(4, sluice.url);
      // A download from the address that will leave.
      targets[0]!.script = chunked(Array.from({ length: 20 }, () => "piece "), { everyMs: 50 });
      await using client = await RawClient.connect(sluice.url);
      await client.send("GET /long HTTP/1.1\r\nHost: x\r\n\r\n");
      const long = client.response();
      await until(() => targets[0]!.requests.some(({ path }) => path === "/long"), "the download to begin");
      targets[0]!.script = okay("127.0.0.1");

      const load = new Load(sluice.url, 4);
      await dns.set(["127.0.0.2 app.test", "127.0.0.3 app.test"]);
      await until(async () => (await addresses(sluice)).join() === "127.0.0.2,127.0.0.3", "the new addresses");
      const kept = (await sluice.stats()).groups[0]!.targets.find(({ address }) => address.startsWith("127.0.0.2:"))!;
      assert.ok(kept.requests >= 2, "its count goes on");
      const leaving = async () => (await sluice.stats()).groups[0]!.targets.find(({ state }) => state === "draining");
      await until(async () => (await leaving())?.inFlight === 1, "the download to be all that is left there");
      const before = targets[0]!.requests.length;
      const until3 = load.answers + 100;
      await until(() => load.answers >= until3, "load on the new addresses");
      assert.deepEqual(Object.keys(await load.stop()), ["200"]);
      assert.equal(targets[0]!.requests.length, before, "who left gets nothing new");
      assert.equal(bodyText(await long), "piece ".repeat(20));
      assert.ok(targets[2]!.requests.length > 10);
      await until(
        () => sluice.events.filter(({ event }) => event === "dns_changed").length >= 2,
        "both changes to be logged",
      );
      const stats = await sluice.settled();
      assert.equal(stats.total.requests, 5 + load.answers);
      assert.equal(targets.reduce((sum, { requests }) => sum + requests.length, 0), stats.total.requests);
    } finally {
      await closeAll(targets);
    }
  },
);

testWithPrograms(
  ["dnsmasq"],
  "a name server that fails leaves the last answer serving; a name that never resolved is 502, and serves once it does",
  async () => {
    await using target = await RecorderTarget.start(okay());
    await using dns = await Dnsmasq.start(["127.0.0.1 app.test"]);
    await using sluice = await startSluice({
      env: groupEnvironment(`app.test:${target.port}`, {
        DNS_SERVER: `127.0.0.1:${dns.port}`,
        DNS_REFRESH_INTERVAL: "100ms",
        TARGET_GROUP_2_NAME: "late",
        TARGET_GROUP_2_TARGETS: `late.test:${target.port}`,
        LISTENER_RULE_2_PATH_PREFIX: "/late",
        LISTENER_RULE_2_TARGET_GROUP: "late",
      }),
    });
    assert.equal((await ask(sluice.url, "/late")).status, 502);
    assert.equal((await sluice.settled()).reasons.dns_failed, 1);
    assert.equal((await sluice.stats()).ready, true, "ready after the first round, whatever it brought");

    await dns.set(["127.0.0.1 late.test"]);
    await until(async () => (await ask(sluice.url, "/late")).status === 200, "the late name to serve");
    await sluice.waitForEvent(
      ({ event, host }) => event === "dns_failed" && host === "app.test",
      "app.test to be lost",
    );
    assert.equal((await ask(sluice.url)).status, 200, "the last good answer serves on");
    const { names } = (await sluice.stats()).groups[0]!;
    assert.deepEqual(names[0]!.addresses, ["127.0.0.1"]);
    assert.ok(names[0]!.failures > 0);
    await until(async () => (await sluice.stats()).groups[0]!.names[0]!.failures >= 3, "more failed lookups");
    assert.equal(sluice.events.filter(({ event, host }) => event === "dns_failed" && host === "app.test").length, 1);
  },
);

Deno.test("A17: a name from the hosts file serves too", async () => {
  await using target = await RecorderTarget.start(okay());
  await using sluice = await startSluice({
    env: groupEnvironment(`localhost:${target.port}`, { DNS_REFRESH_INTERVAL: "0" }),
  });
  assert.equal((await ask(sluice.url)).status, 200);
  assert.equal((await sluice.settled()).groups[0]!.targets[0]!.address, `127.0.0.1:${target.port}`);
});
