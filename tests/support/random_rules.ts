import fc from "fast-check";
import type { ConditionKind } from "../../src/config/rule_condition.ts";
import type { RuleRequest } from "../../src/rules/conditions/condition.ts";
import { ruleRequest } from "./rule_request.ts";

/** A rule as an operator writes it. */
export interface WrittenRule {
  readonly priority: number | null;
  readonly conditions: Partial<Record<ConditionKind, string>>;
}

/** A request that rules are asked for. */
export interface AskedRequest {
  readonly path: string;
  readonly request: RuleRequest;
}

const host = fc.constantFrom("a.x", "b.x", "A.x", "*.x", "*", "a.*", "?.x", "a.b.x", "[::1]", "x");
const segment = fc.constantFrom("a", "b", "ab", "a-b", "1", "a.b");
const path = fc.tuple(fc.array(segment, { maxLength: 3 }), fc.constantFrom("", "/"))
  .map(([segments, last]) => `/${segments.join("/")}${segments.length > 0 ? last : ""}`);
const pattern = fc.oneof(
  path,
  fc.tuple(path, fc.constantFrom("*", "?", "*b", "/*/b", "?*", "\\*")).map(([start, end]) => start + end),
  fc.constantFrom("*", "*a", "?a*", "*/b/*", "/*"),
);
const regex = fc.constantFrom("^/a", "b$", "^/(a|b)/", "[0-9]", "^/a/?$", "a-b|1", "(?i)^/A", ".");
const values = fc.constantFrom("1", "1|2", "*", "a*", "?", "b|a?", "x");
const named = (name: fc.Arbitrary<string>, between: string) =>
  fc.oneof(name, fc.tuple(name, values).map(([each, text]) => `${each}${between}${text}`));

const several = (each: fc.Arbitrary<string>, between: string) =>
  fc.array(each, { minLength: 1, maxLength: 3 }).map((all) => all.join(between));

const CONDITIONS: Readonly<Record<ConditionKind, fc.Arbitrary<string>>> = {
  path_prefix: path,
  path: several(pattern, "|"),
  path_regex: regex,
  host: several(several(host, "|"), " && "),
  method: several(fc.constantFrom("GET", "HEAD", "POST", "get"), "|"),
  header: several(named(fc.constantFrom("X-A", "x-b"), ": "), " && "),
  cookie: several(named(fc.constantFrom("c", "C", "d"), "="), " && "),
  query: several(named(fc.constantFrom("q", "Q", "p"), "="), " && "),
  source_ip: several(fc.constantFrom("10.0.0.0/8", "10.1.0.0/16", "192.0.2.1", "2001:db8::/32", "0.0.0.0/0"), "|"),
  protocol: fc.constantFrom("http", "https", "http|https"),
};

const conditions = fc.tuple(
  fc.option(fc.constantFrom("path_prefix", "path_prefix", "path", "path_regex")),
  fc.subarray(Object.keys(CONDITIONS).filter((kind) => !kind.startsWith("path")), { maxLength: 2 }),
).chain(([ofPath, others]) => {
  const kinds = [...(ofPath === null ? [] : [ofPath]), ...others] as ConditionKind[];
  return fc.record(Object.fromEntries(kinds.map((kind) => [kind, CONDITIONS[kind]])));
});

/** Rules, with unlike priorities. */
export const writtenRules: fc.Arbitrary<WrittenRule[]> = fc.tuple(
  fc.array(conditions, { maxLength: 12 }),
  fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 12, maxLength: 12 }),
  fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
).map(([all, priorities, given]) =>
  all.map((each, index) => ({ priority: given[index]! ? priorities[index]! : null, conditions: each }))
);

/** Requests that such rules may take. */
export const askedRequest: fc.Arbitrary<AskedRequest> = fc.record({
  path: fc.oneof(path, fc.tuple(path, fc.constantFrom("x", ".b", "*", "1")).map(([start, end]) => start + end)),
  host: fc.constantFrom("a.x", "A.X:80", "b.x.", "a.b.x", "x", "", "[::1]:8080", "c.y"),
  method: fc.constantFrom("GET", "HEAD", "POST", "get", "PUT"),
  query: fc.constantFrom("", "?q=1", "?Q=2&p=a%62", "?p", "?q=+x&q=a1", "?q=%FF"),
  headers: fc.array(
    fc.tuple(
      fc.constantFrom("X-A", "x-b", "Cookie"),
      fc.constantFrom("1", "2", "ab", "", "c=1; d=a", "C=1", "c=%31; c=x", "d"),
    ),
    { maxLength: 3 },
  ),
  clientAddress: fc.constantFrom("10.0.0.1", "10.1.2.3", "192.0.2.1", "2001:db8::1", "::1"),
  protocol: fc.constantFrom("http" as const, "https" as const),
}).map(({ path, ...request }) => ({ path, request: ruleRequest(request) }));
