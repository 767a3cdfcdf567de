/**
 * What a choice costs, for each algorithm at 3 and at 1000 targets, and a rule match at 1 and 1000 rules:
 * `deno bench --no-check bench/select_bench.ts`. The dice, the clock and the table are real ones; loads are made up.
 */
import { GroupBalancer } from "../src/balancing/candidates.ts";
import { ALGORITHMS } from "../src/balancing/registry.ts";
import { Stickiness } from "../src/balancing/stickiness.ts";
import { compileCycle } from "../src/balancing/weighted.ts";
import { canonicalPath } from "../src/rules/canonical_path.ts";
import { prefixRule } from "../src/config/rule.ts";
import { RuleIndex } from "../src/rules/rule_index.ts";
import { ruleRequest } from "../tests/support/rule_request.ts";
import { forwardedPath } from "../src/rules/rewrite.ts";
import { TargetTable } from "../src/state/target_table.ts";
import { systemClock } from "../src/time/clock.ts";
import { makeGroup } from "../tests/support/target_group.ts";

const KEYS = Array.from({ length: 256 }, (_, number) => `203.0.113.${number}`);

for (const algorithm of ALGORITHMS) {
  for (const count of [3, 1000]) {
    const table = TargetTable.create(1);
    const weights = Array.from({ length: count }, (_, slot) => 1 + slot % 5);
    const nowMs = systemClock.monotonicMs();
    for (let slot = 0; slot < count; slot++) {
      table.inFlight[slot] = 1 + slot * 7 % 5;
      table.recordTtfb(slot, 500 + slot * 13 % 700, nowMs);
    }
    const context = { random: Math.random, nowMs: systemClock.monotonicMs };
    const group = makeGroup(weights, { algorithm: algorithm.name });
    const balancer = new GroupBalancer(group, table, { algorithm, context });
    let request = 0;
    Deno.bench(`${algorithm.name}, ${count} targets`, { group: "choose" }, () => {
      balancer.choose(KEYS[request++ & 255]!, null, null);
    });
  }
}

const pinnedGroup = makeGroup(Array(1000).fill(1));
const stickiness = new Stickiness(pinnedGroup, {
  applicationCookie: null,
  cookieName: "pin",
  ttlMs: 0,
  secret: "secret",
});
const cookies = `theme=dark; session=0123456789abcdef; ${
  stickiness.setCookie(pinnedGroup.targets[500]!, false).split(";")[0]
}; lang=en`;
Deno.bench("find a pinned target among 1000", { group: "cookie" }, () => {
  stickiness.pinned(cookies);
});

for (
  const [name, weights] of [
    ["1000 targets of 1 to 5", Array.from({ length: 1000 }, (_, slot) => 1 + slot % 5)],
    ["3 targets, 16384 turns", [8000, 8383, 1]],
    ["3 targets, 10^6 turns", [499_999, 500_000, 1]],
  ] as const
) {
  Deno.bench(`prepare WEIGHTED, ${name}`, { group: "prepare" }, () => {
    compileCycle(weights);
  });
}

for (const count of [1, 1000]) {
  const rules = Array.from({ length: count }, (_, number) => {
    const prefix = count === 1 ? "/" : `/team${number % 37}/service${number}`;
    return prefixRule(number, { prefix, group: "test" });
  });
  const asked = ruleRequest();
  const index = new RuleIndex(rules);
  const paths = Array.from({ length: 256 }, (_, request) => {
    const number = request * 31 % 1000;
    return `/team${number % 37}/service${number}/users/${request}/orders`;
  });
  let request = 0;
  Deno.bench(`match a path, ${count} rules`, { group: "rules" }, () => {
    index.match(paths[request++ & 255]!, asked);
  });
  if (count === 1) {
    Deno.bench("bring a path to its canonical form", { group: "rules" }, () => {
      canonicalPath(paths[request++ & 255]!);
    });
    Deno.bench("rewrite a path", { group: "rules" }, () => {
      forwardedPath(paths[request++ & 255]!, "/team1", "/v1");
    });
  }
}
