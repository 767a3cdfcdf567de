import { both } from "../output/conditions.ts";
import type { Collector } from "../output/collector.ts";
import type { Conditions, Setting } from "../output/imported.ts";
import { NO_CONDITIONS } from "../output/imported.ts";
import { sameConditions } from "../output/rule_order.ts";
import { addTriedRules, type TriedRule } from "../output/tried_rules.ts";
import { allOrigins, at, textAt, textsAt, type Value } from "./documents.ts";
import type { EntryPoints } from "./entry_points.ts";
import type { Middlewares } from "./middlewares.ts";
import { alternativesOf } from "./rule_conditions.ts";
import { parseRule } from "./rule_parser.ts";
import type { Services } from "./services.ts";

/** What reads routers needs. */
export interface RouterParts {
  readonly points: EntryPoints;
  readonly services: Services;
  readonly middlewares: Middlewares;
  readonly found: Collector;
}

/** Adds the rules of all routers, in the order of their priorities: without one, the length of the rule counts. */
export function readRouters(routers: Value | undefined, parts: RouterParts): void {
  const all = [...routers?.fields ?? []].map(([name, router]) => ({
    name,
    router,
    priority: Number(textAt(router, "priority") || (textAt(router, "rule") ?? "").length),
  }));
  all.sort((one, other) => other.priority - one.priority);
  const tried: TriedRule[] = [];
  const { redirect, tls } = parts.points;
  if (redirect !== undefined) {
    const protocol = { value: "http" as const, from: redirect.from };
    const conditions = { ...NO_CONDITIONS, ...tls.length > 0 ? { protocol } : {} };
    tried.push({ from: [redirect.from], conditions, except: [], share: null, action: redirect, settings: [] });
  }
  for (const { router } of all) tried.push(...routerRules(router, parts));
  addTriedRules(tried, parts.found);
}

function routerRules(router: Value, { points, services, middlewares, found }: RouterParts): TriedRule[] {
  const rule = at(router, "rule");
  const lose = (why: string) => {
    for (const origin of allOrigins(router)) found.lose(origin, why);
    return [];
  };
  const names = textsAt(router, "entryPoints");
  const known = [...points.plain, ...points.tls];
  if (names.length > 0 && known.length > 0 && !names.some((each) => known.includes(each))) {
    return lose("its router uses no port of sluice's");
  }
  const expression = parseRule(String(rule?.scalar ?? ""));
  const alternatives = expression === null || rule === undefined ? null : alternativesOf(expression, rule.origin);
  if (alternatives === null) return lose("sluice has no condition for its rule");
  const protocol = protocolOf(names, points, router);
  reportFields(router, found);
  if (alternatives.some(({ conditions }) => sameConditions(conditions, NO_CONDITIONS))) {
    found.needless(rule!.origin, "it takes every request");
  }
  const applied = middlewares.apply(textsAt(router, "middlewares"), at(router, "middlewares")?.origin ?? router.origin);
  const service = at(router, "service");
  const target = service === undefined || service.scalar === "noop@internal"
    ? null
    : services.read(String(service.scalar), service.origin);
  const guard = applied.guard === undefined ? {} : { guard: applied.guard };
  return alternatives.flatMap(({ conditions, except }): TriedRule[] => {
    const asked = both(conditions, protocol);
    if (asked === null) return lose("a rule of sluice's has one protocol");
    const settings: Setting[] = [...applied.settings, ...target?.settings ?? []];
    const response = settings.filter((each) => each.name.startsWith("RESPONSE_"));
    const bare = { from: [router.origin], except, share: null };
    if (applied.action !== undefined) {
      if (service !== undefined) found.needless(service.origin, "a redirect stands in its place");
      return [{ ...bare, conditions: asked, action: applied.action, settings: response }];
    }
    const first: TriedRule[] = [];
    if (applied.toHttps !== undefined) {
      const plain = both(asked, { protocol: { value: "http", from: applied.toHttps.from } });
      if (plain !== null) first.push({ ...bare, conditions: plain, action: applied.toHttps, settings: response });
    }
    if (target === null) {
      if (service !== undefined) found.needless(service.origin, "a redirect stands in its place");
      return first;
    }
    const action = { value: { kind: "forward" as const, groups: target.groups }, from: service!.origin };
    return [...first, { ...bare, conditions: asked, action, settings, ...guard }];
  });
}

/** A router for one of both ports asks for the protocol. */
function protocolOf(names: readonly string[], points: EntryPoints, router: Value): Partial<Conditions> {
  if (points.plain.length === 0 || points.tls.length === 0) return {};
  const tls = at(router, "tls") !== undefined || (names.length > 0 && names.every((each) => points.tls.includes(each)));
  const plain = !tls && names.length > 0 && names.every((each) => points.plain.includes(each));
  const from = at(router, "tls")?.origin ?? at(router, "entryPoints")?.origin ?? router.origin;
  return tls ? { protocol: { value: "https", from } } : plain ? { protocol: { value: "http", from } } : {};
}

function reportFields(router: Value, found: Collector): void {
  for (const [name, value] of router.fields) {
    if (["rule", "service"].includes(name)) continue;
    const [, ...inner] = allOrigins(value);
    if (["entryPoints", "middlewares", "priority", "ruleSyntax", "observability"].includes(name)) {
      for (const origin of [value.origin, ...inner]) found.needless(origin, "it is read with the rule");
    } else if (name === "tls") {
      found.needless(value.origin, "LISTENER_TLS_PORT holds for all");
      const resolver = at(value, "certResolver");
      if (resolver !== undefined) found.set("ACME_ENABLE", "true", resolver.origin);
      for (const origin of inner) found.needless(origin, "sluice speaks TLS 1.2 and 1.3 without settings");
    } else for (const origin of [value.origin, ...inner]) found.lose(origin, "sluice has no counterpart");
  }
}
