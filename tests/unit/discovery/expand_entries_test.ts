import assert from "node:assert/strict";
import { expandEntries } from "../../../src/discovery/expand_entries.ts";
import { targetKey } from "../../../src/state/group_snapshot.ts";
import { sampleEntry } from "../../support/sample_group.ts";

const ADDRESSES: Record<string, string[]> = {
  "a.test": ["10.0.0.1", "10.0.0.2"],
  "b.test": ["10.0.0.2"],
  "six.test": ["::1"],
};

function expand(...entries: Parameters<typeof expandEntries>[0]) {
  return expandEntries(entries, (host) => ADDRESSES[host] ?? null);
}

Deno.test("A19: an entry becomes a target for each address, its weight shared out evenly", () => {
  const found = [...expand(sampleEntry("a.test", { weight: 3, base: "/v1" })).values()];
  assert.deepEqual(found.map(({ address, weight, base }) => [address, weight, base]), [
    ["10.0.0.1", 1.5, "/v1"],
    ["10.0.0.2", 1.5, "/v1"],
  ]);
});

Deno.test("two names of one machine are one target with both weights, under the first name", () => {
  const found = [...expand(sampleEntry("a.test", { weight: 2 }), sampleEntry("b.test", { weight: 5 })).values()];
  assert.deepEqual(found.map(({ host, address, weight }) => [host, address, weight]), [
    ["a.test", "10.0.0.1", 1],
    ["a.test", "10.0.0.2", 6],
  ]);
});

Deno.test("another scheme, port or base at the same address is another target", () => {
  const entries = [{}, { scheme: "https" }, { port: 81 }, { base: "/v1" }] as const;
  assert.equal(expand(...entries.map((change) => sampleEntry("b.test", change))).size, 4);
});

Deno.test("a name without an answer adds no target and removes none", () => {
  assert.deepEqual([...expand(sampleEntry("none.test"), sampleEntry("b.test")).values()].map(({ host }) => host), [
    "b.test",
  ]);
});

Deno.test("targets go by the same key here and in the target table", () => {
  for (
    const [key, found] of expand(sampleEntry("a.test", { base: "/v1" }), sampleEntry("six.test", { scheme: "https" }))
  ) {
    assert.equal(key, targetKey(found));
  }
});
