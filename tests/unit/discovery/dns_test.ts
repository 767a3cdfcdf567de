import assert from "node:assert/strict";
import type { DnsConfig } from "../../../src/config/model.ts";
import { lookup, type LookupResult, type ResolveRecord } from "../../../src/discovery/dns.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { SAMPLE_DNS } from "../../support/sample_group.ts";

const NOTHING = new Deno.errors.NotFound("no records found");

/** Answers by record type; an error is thrown. */
function script(
  answers: { A?: string[] | Error; AAAA?: string[] | Error },
): { resolve: ResolveRecord; asked: string[] } {
  const asked: string[] = [];
  const resolve: ResolveRecord = (_host, type, { nameServer }) => {
    asked.push(nameServer === undefined ? type : `${type} ${nameServer.ipAddr}:${nameServer.port}`);
    const answer = answers[type] ?? NOTHING;
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  return { resolve, asked };
}

function ask(resolve: ResolveRecord, dns: Partial<DnsConfig> = {}, host = "app.test"): Promise<LookupResult> {
  const clock = new ManualClock();
  return lookup(host, { dns: { ...SAMPLE_DNS, ...dns }, resolve, clock, signal: new AbortController().signal });
}

Deno.test("A records are enough: AAAA is looked up only if there is none", async () => {
  const both = script({ A: ["10.0.0.2", "10.0.0.1", "10.0.0.2"], AAAA: ["::1"] });
  assert.deepEqual(await ask(both.resolve), { ok: true, addresses: ["10.0.0.1", "10.0.0.2"] });
  assert.deepEqual(both.asked, ["A"]);
  const six = script({ AAAA: ["::1"] });
  assert.deepEqual(await ask(six.resolve), { ok: true, addresses: ["::1"] });
  assert.deepEqual(six.asked, ["A", "AAAA"]);
});

Deno.test("DNS_FAMILY and DNS_SERVER decide what is asked, and whom", async () => {
  const server = { address: "127.0.0.53", port: 5353 };
  const { resolve, asked } = script({ A: ["10.0.0.1"], AAAA: ["::1"] });
  assert.deepEqual(await ask(resolve, { family: "any", server }), { ok: true, addresses: ["10.0.0.1", "::1"] });
  assert.deepEqual(await ask(resolve, { family: "ipv6" }), { ok: true, addresses: ["::1"] });
  assert.deepEqual(await ask(resolve, { family: "ipv4" }), { ok: true, addresses: ["10.0.0.1"] });
  assert.deepEqual(asked, ["A 127.0.0.53:5353", "AAAA 127.0.0.53:5353", "AAAA", "A"]);
});

Deno.test("an empty answer, and a name that is not there, are failures and never an empty list", async () => {
  assert.deepEqual(await ask(script({}).resolve), { ok: false, error: "no addresses" });
  assert.deepEqual(await ask(script({ A: [], AAAA: [] }).resolve), { ok: false, error: "no addresses" });
});

Deno.test("half an answer is none: the targets of the other half would be drained", async () => {
  const { resolve } = script({ A: new Error("server is gone"), AAAA: ["::1"] });
  assert.deepEqual(await ask(resolve, { family: "any" }), { ok: false, error: "server is gone" });
  assert.deepEqual(await ask(resolve), { ok: false, error: "server is gone" });
});

Deno.test("an address is its own answer, and no lookup is made", async () => {
  const { resolve, asked } = script({});
  assert.deepEqual(await ask(resolve, { family: "ipv6" }, "10.0.0.1"), { ok: true, addresses: ["10.0.0.1"] });
  assert.deepEqual(await ask(resolve, {}, "2001:db8::1"), { ok: true, addresses: ["2001:db8::1"] });
  assert.deepEqual(asked, []);
});

Deno.test("a lookup without an answer ends after five seconds and lets go of the query", async () => {
  const clock = new ManualClock();
  let aborted = false;
  const resolve: ResolveRecord = (_host, _type, { signal }) =>
    new Promise((_, reject) =>
      signal.addEventListener("abort", () => {
        aborted = true;
        reject(new Error("aborted"));
      })
    );
  const running = lookup("app.test", { dns: SAMPLE_DNS, resolve, clock, signal: new AbortController().signal });
  clock.advance(4999);
  assert.equal(aborted, false);
  clock.advance(1);
  assert.deepEqual(await running, { ok: false, error: "no answer within 5000 ms" });
  assert.equal(aborted, true);
  assert.equal(clock.timers, 0);
});
