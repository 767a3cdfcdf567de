/**
 * The compiled index finds the rule that the rules' description gives when it is followed to the letter: each rule is
 * written out with one host and one path at a time, all are sorted, and each is tried in order.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { prefixRule, type RuleConfig } from "../../src/config/rule.ts";
import type { ConditionKind, RuleCondition } from "../../src/config/rule_condition.ts";
import { parseConditions } from "../../src/config/values/condition_values.ts";
import type { RuleRequest } from "../../src/rules/conditions/condition.ts";
import { explainRules } from "../../src/rules/explain_rules.ts";
import { loadRegexEngine } from "../../src/rules/regex.ts";
import { RuleIndex } from "../../src/rules/rule_index.ts";
import { askedRequest, type WrittenRule, writtenRules } from "../support/random_rules.ts";
import { SEED } from "../support/seed.ts";

await loadRegexEngine();

/** `SLUICE_TEST_RULES=100000` for the long form. */
const RUNS = Number(Deno.env.get("SLUICE_TEST_RULES") ?? "3000");
const REQUESTS_EACH = 5;

Deno.test(`the index agrees with trying every rule in order, for ${RUNS} random sets of rules`, () => {
  let matches = 0;
  fc.assert(
    fc.property(
      writtenRules,
      fc.array(askedRequest, { minLength: REQUESTS_EACH, maxLength: REQUESTS_EACH }),
      (written, asked) => {
        const rules = written.map((rule, index) => parsed(rule, index + 1));
        const index = new RuleIndex(rules);
        const inOrder = naiveOrder(written);
        for (const { path, request } of asked) {
          const found = index.match(path, request);
          assert.equal(found?.number ?? 0, inOrder.find((each) => each.holds(request, path))?.number ?? 0);
          const verdicts = explainRules(rules, { path, request, chosen: found });
          assert.deepEqual(
            verdicts.filter(({ verdict }) => verdict === "chosen").map(({ rule }) => rule),
            found === null ? [] : [found],
          );
          for (const { verdict, conditions } of verdicts) {
            assert.equal(conditions.every(({ held }) => held), verdict !== "no match");
          }
          if (found !== null) matches++;
        }
      },
    ),
    { numRuns: RUNS, seed: SEED },
  );
  assert.ok(matches > RUNS, `only ${matches} requests had a rule`);
});

function parsed({ priority, conditions }: WrittenRule, number: number): RuleConfig {
  return {
    ...prefixRule(number, { prefix: "/", group: "g" }),
    priority,
    conditions: Object.entries(conditions).flatMap(([kind, text]) =>
      parseConditions(kind as ConditionKind, text) as readonly RuleCondition[]
    ),
  };
}

interface Naive {
  readonly number: number;
  readonly rank: readonly number[];
  holds(request: RuleRequest, path: string): boolean;
}

type Holds = Naive["holds"];

/** Everything by JavaScript's own expressions and sorting: nothing of the program's. */
function naiveOrder(written: readonly WrittenRule[]): Naive[] {
  const all = written.flatMap(({ priority, conditions }, index): Naive[] => {
    const { path_prefix, path, path_regex, host, ...others } = conditions;
    const parts = Object.entries(others).flatMap(([kind, text]) => text.split(" && ").map((part) => test(kind, part)));
    const hosts = host === undefined ? [] : host.split(" && ");
    const count = parts.length + hosts.length +
      [path_prefix, path, path_regex].filter((each) => each !== undefined).length;
    const moreHosts = hosts.slice(1).map((part) => test("host", part));
    return pathsOf({ path_prefix, path, path_regex }).flatMap((way) =>
      (hosts[0]?.split("|") ?? [null]).map((name): Naive => ({
        number: index + 1,
        rank: [
          priority ?? Infinity,
          -way.literal.length,
          way.kind,
          name === null ? 2 : /[*?]/.test(name) ? 1 : 0,
          -count,
          index,
        ],
        holds: (request, path) =>
          [...parts, ...moreHosts, way.holds, ...name === null ? [] : [test("host", name)]]
            .every((holds) => holds(request, path)),
      }))
    );
  });
  return all.sort((one, other) => {
    const at = one.rank.findIndex((value, place) => value !== other.rank[place]);
    return at === -1 ? 0 : one.rank[at]! - other.rank[at]!;
  });
}

function pathsOf(
  { path_prefix, path, path_regex }: Partial<Record<ConditionKind, string>>,
): { readonly literal: string; readonly kind: number; readonly holds: Holds }[] {
  if (path_prefix !== undefined) {
    const holds: Holds = (_, asked) =>
      asked === path_prefix || `${asked}/`.startsWith(path_prefix.replace(/\/?$/, "/")) &&
        asked.startsWith(path_prefix);
    return [{ literal: path_prefix, kind: 1, holds }];
  }
  if (path !== undefined) {
    return path.split("|").map((each) => {
      const literal = /^(?:\\[*?|&]|[^*?\\])*/.exec(each)![0];
      const plain = literal.replace(/\\(.)/g, "$1");
      const holds: Holds = (_, asked) => like(each, "").test(asked);
      if (literal === each) return { literal: plain, kind: 0, holds };
      return literal === "" ? { literal: "/", kind: 1, holds } : { literal: plain, kind: 2, holds };
    });
  }
  if (path_regex !== undefined) {
    const inAnyCase = path_regex.startsWith("(?i)");
    const expression = new RegExp(path_regex.replace("(?i)", ""), inAnyCase ? "i" : "");
    return [{ literal: "/", kind: 1, holds: (_, asked) => expression.test(asked) }];
  }
  return [{ literal: "/", kind: 1, holds: () => true }];
}

function like(pattern: string, flags: string): RegExp {
  const body = pattern.replace(
    /\\([*?|&])|([*?])|([^\w])/g,
    (_, taken, wildcard, other) => wildcard === "*" ? "[^]*" : wildcard === "?" ? "[^]" : `\\${taken ?? other}`,
  );
  return new RegExp(`^${body}$`, flags);
}

function test(kind: string, text: string): Holds {
  const alternatives = text.split("|");
  switch (kind) {
    case "host":
      return ({ host }) => {
        const bare = /^(\[.*\]|[^:]*?)\.?(:\d*)?$/.exec(host)![1]!;
        return alternatives.some((each) => like(each, "i").test(bare));
      };
    case "method":
      return ({ method }) => alternatives.includes(method);
    case "protocol":
      return ({ protocol }) => alternatives.includes(protocol);
    case "source_ip":
      return ({ clientAddress }) =>
        alternatives.some((each) => {
          const address = ipaddr.parse(clientAddress);
          const [range, bits] = ipaddr.parseCIDR(each.includes("/") ? each : `${each}/32`);
          return range.kind() === address.kind() && address.match(range as ipaddr.IPv4, bits);
        });
    default:
      return named(kind, text);
  }
}

function named(kind: string, text: string): Holds {
  const [, name = "", list] = /^([^:=]+)(?:[:=] ?(.*))?$/.exec(text)!;
  return (request) => {
    const values = kind === "header"
      ? request.headerLines(name.toLowerCase())
      : kind === "cookie"
      ? request.headerLines("cookie").flatMap((line) => line.split("; ")).map((pair) => pair.split("="))
        .filter(([found, value]) => found === name && value !== undefined).map(([, value]) =>
          decodeURIComponent(value!)
        )
      : request.query.slice(1).split("&").filter((pair) => pair !== "").map((pair) => [...pair.split("="), ""])
        .filter(([found]) => found!.toLowerCase() === name.toLowerCase())
        // "%FF" is no UTF-8 and stays.
        .map(([, value]) => value === "%FF" ? value : decodeURIComponent(value!.replaceAll("+", " ")));
    const flags = kind === "cookie" ? "" : "i";
    return values.some((value) => list === undefined || list.split("|").some((each) => like(each, flags).test(value)));
  };
}
