import assert from "node:assert/strict";
import type { DnsConfig } from "../../../src/config/model.ts";
import { TargetRegistry } from "../../../src/control_plane/membership/target_registry.ts";
import { hostPort } from "../../../src/state/group_snapshot.ts";
import { TargetTable } from "../../../src/state/target_table.ts";
import { systemClock } from "../../../src/time/clock.ts";
import { Dnsmasq } from "../../support/dnsmasq.ts";
import { testWithPrograms } from "../../support/have_program.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { until } from "../../support/poll.ts";
import { SAMPLE_DNS, sampleEntry, sampleGroup } from "../../support/sample_group.ts";

/** A registry on the real clock and the real resolver, with one group `web` of the given hosts. */
class Discovery implements AsyncDisposable {
  readonly log = new LogRecorder();
  readonly registry: TargetRegistry;
  #generation = 0;

  private constructor(hosts: readonly string[], dns: DnsConfig) {
    this.registry = new TargetRegistry({
      groups: [sampleGroup(hosts.map((host) => sampleEntry(host)))],
      dns,
      table: TargetTable.create(1),
      clock: systemClock,
      random: Math.random,
      log: this.log,
      onChange: () => {},
    });
  }

  static async start(hosts: readonly string[], dns: Partial<DnsConfig>): Promise<Discovery> {
    const discovery = new Discovery(hosts, { ...SAMPLE_DNS, refreshIntervalMs: 50, ...dns });
    await discovery.registry.start();
    return discovery;
  }

  get members(): string[] {
    const [group] = this.registry.groups(++this.#generation);
    return group!.targets.map(({ address, port }) => hostPort(address, port));
  }

  async untilMembers(...expected: string[]): Promise<void> {
    await until(
      () => this.members.join() === expected.join(),
      () => `members ${expected.join(", ")}; they are ${this.members.join(", ")}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.registry.stop();
  }
}

function at(server: Dnsmasq): Pick<DnsConfig, "server"> {
  return { server: { address: "127.0.0.1", port: server.port } };
}

testWithPrograms(["dnsmasq"], "A19: DNS_SERVER is asked, and each address it gives is a target", async () => {
  await using server = await Dnsmasq.start(["10.0.0.2 app.test", "10.0.0.1 app.test"]);
  await using discovery = await Discovery.start(["app.test"], at(server));
  assert.deepEqual(discovery.members, ["10.0.0.1:80", "10.0.0.2:80"]);
  assert.ok(server.queries.some((query) => query.startsWith("query[A] app.test")));
});

testWithPrograms(["dnsmasq"], "A41: an address added to DNS joins and one removed leaves, by themselves", async () => {
  await using server = await Dnsmasq.start(["10.0.0.1 app.test"]);
  await using discovery = await Discovery.start(["app.test"], at(server));
  assert.deepEqual(discovery.members, ["10.0.0.1:80"]);
  await server.set(["10.0.0.1 app.test", "10.0.0.2 app.test"]);
  await discovery.untilMembers("10.0.0.1:80", "10.0.0.2:80");
  await server.set(["10.0.0.2 app.test"]);
  await discovery.untilMembers("10.0.0.2:80");
  assert.equal(discovery.log.messages("dns_changed").length, 3);
});

testWithPrograms(
  ["dnsmasq"],
  "a name server that dies, and one that has forgotten the name, leave the last answer standing",
  async () => {
    await using server = await Dnsmasq.start(["10.0.0.1 app.test"]);
    const { port } = server;
    await using discovery = await Discovery.start(["app.test"], at(server));
    const failures = () => discovery.registry.views()[0]!.names[0]!.failures;
    await server.set([]);
    await until(() => failures() >= 2, "two failed lookups");
    assert.deepEqual(discovery.members, ["10.0.0.1:80"]);
    await server.stop();
    const before = failures();
    await until(() => failures() >= before + 1, "a lookup that failed because nobody listens");
    assert.deepEqual(discovery.members, ["10.0.0.1:80"]);
    assert.equal(discovery.log.messages("dns_failed").length, 1);
    await using back = await Dnsmasq.start(["10.0.0.9 app.test"], { port });
    assert.equal(back.port, port);
    await discovery.untilMembers("10.0.0.9:80");
    assert.equal(discovery.log.messages("dns_recovered").length, 1);
  },
);

testWithPrograms(
  ["dnsmasq"],
  "a name with AAAA records alone gives IPv6 targets, one with both gives IPv4 ones",
  async () => {
    await using server = await Dnsmasq.start(["::1 six.test", "::1 both.test", "10.0.0.1 both.test"]);
    await using discovery = await Discovery.start(["six.test", "both.test"], at(server));
    assert.deepEqual(discovery.members, ["[::1]:80", "10.0.0.1:80"]);
  },
);

testWithPrograms(["dnsmasq"], "DNS_FAMILY decides which records are asked for", async () => {
  await using server = await Dnsmasq.start(["::1 both.test", "10.0.0.1 both.test"]);
  for (
    const [family, expected] of [
      ["ipv4", ["10.0.0.1:80"]],
      ["ipv6", ["[::1]:80"]],
      ["any", ["10.0.0.1:80", "[::1]:80"]],
    ] as const
  ) {
    await using discovery = await Discovery.start(["both.test"], { ...at(server), family });
    assert.deepEqual(discovery.members, expected, family);
  }
});

testWithPrograms(["dnsmasq"], "a name that appears late is found by the retries, without a restart", async () => {
  await using server = await Dnsmasq.start([]);
  await using discovery = await Discovery.start(["late.test"], { ...at(server), refreshIntervalMs: 0 });
  assert.equal(discovery.registry.groups(1)[0]!.resolved, false);
  await server.set(["10.0.0.1 late.test"]);
  await discovery.untilMembers("10.0.0.1:80");
});

Deno.test("localhost comes out of the hosts file and gives 127.0.0.1 by default", async () => {
  await using discovery = await Discovery.start(["localhost"], {});
  assert.deepEqual(discovery.members, ["127.0.0.1:80"]);
});
