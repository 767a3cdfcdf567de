import { both } from "../output/conditions.ts";
import type { Collector } from "../output/collector.ts";
import type { Conditions, From, Setting } from "../output/imported.ts";
import { NO_CONDITIONS } from "../output/imported.ts";
import type { TriedRule } from "../output/tried_rules.ts";
import { addTriedRules } from "../output/tried_rules.ts";
import type { Backends } from "./backends.ts";
import type { Bind, Front } from "./binds.ts";
import { Acls, type Case } from "./conditions.ts";
import { type HttpRules, readHttpRules, split } from "./http_rules.ts";
import type { Line, Section } from "./sections.ts";

/** Adds the rules of all frontends. */
export function readFronts(fronts: readonly Front[], backends: Backends, found: Collector): void {
  const rulesOf = new Map<Section, HttpRules>();
  const tried = fronts.flatMap((front) => frontRules(front, fronts, backends, rulesOf, found));
  addTriedRules(tried, found);
}

function frontRules(
  { section, binds }: Front,
  fronts: readonly Front[],
  backends: Backends,
  rulesOf: Map<Section, HttpRules>,
  found: Collector,
): TriedRule[] {
  const acls = new Acls(section.lines);
  const own = readHttpRules(section.lines, acls, found);
  const protocol = protocolOf(binds, fronts);
  const result: TriedRule[] = [];
  for (const line of section.lines.filter((each) => each.words[0] === "monitor-uri")) {
    const path: From<{ kind: "patterns"; patterns: string[] }> = {
      value: { kind: "patterns", patterns: [line.words[1] ?? "/"] },
      from: line.origin,
    };
    const action = { value: { kind: "fixed", status: 200, type: "text/plain", body: "" }, from: line.origin } as const;
    result.push({
      from: [line.origin],
      conditions: { ...NO_CONDITIONS, path },
      except: [],
      share: null,
      action,
      settings: [],
    });
  }
  for (const { line, cases, action } of own.answers) {
    for (const each of cases) {
      result.push({ ...caseParts(each), from: [line.origin], action, settings: responseOnly(own.settings) });
    }
  }
  const forward = (line: Line, cases: readonly Case[], name: string) => {
    const backend = backends.section(name);
    if (backend === undefined) found.lose(line.origin, `there is no backend ${name}`);
    else result.push(...forwardRules(line, cases, backend, own, backends, rulesOf, found));
  };
  for (const line of section.lines.filter((each) => each.words[0] === "use_backend")) {
    const { statement, cases } = split(line.words, acls, line);
    if (cases === null) found.lose(line.origin, "sluice has no condition for it");
    else forward(line, cases, statement[1] ?? "");
  }
  const all: Case = { conditions: NO_CONDITIONS, except: [], share: null };
  const inherited = section.lines.some((each) => each.words[0] === "default_backend")
    ? []
    : section.defaults?.lines ?? [];
  for (const line of [...section.lines, ...inherited].filter((each) => each.words[0] === "default_backend")) {
    forward(line, [all], line.words[1] ?? "");
  }
  if (section.kind === "listen" && section.lines.some((each) => /^server(-template)?$/.test(each.words[0]!))) {
    const line: Line = { words: [], origin: section.origin };
    // Its own http-request lines were read above.
    rulesOf.set(section, { answers: [], settings: [] });
    result.push(...forwardRules(line, [all], section, own, backends, rulesOf, found));
  }
  for (const line of acls.unused()) found.needless(line.origin, "no condition names it");
  return result.map((rule) => ({ ...rule, conditions: both(rule.conditions, protocol) ?? rule.conditions }));
}

function caseParts({ conditions, except, share }: Case): Pick<TriedRule, "conditions" | "except" | "share"> {
  return { conditions, except, share };
}

/** The rules for a line that names a backend: what the backend responds by itself, then its group. */
function forwardRules(
  line: Line,
  cases: readonly Case[],
  backend: Section,
  own: HttpRules,
  backends: Backends,
  rulesOf: Map<Section, HttpRules>,
  found: Collector,
): TriedRule[] {
  const inner = rulesOf.get(backend) ?? readHttpRules(backend.lines, new Acls(backend.lines), found);
  rulesOf.set(backend, inner);
  const group = backends.groupOf(backend);
  const settings = [...own.settings, ...inner.settings];
  const guard = own.guard ?? inner.guard;
  return cases.flatMap((each): TriedRule[] => {
    const answers = inner.answers.flatMap(({ line: at, cases, action }) =>
      cases.flatMap((one): TriedRule[] => {
        const conditions = both(each.conditions, one.conditions);
        if (conditions === null) {
          found.lose(at.origin, "a rule of sluice's has one test of each kind");
          return [];
        }
        const except = [...each.except, ...one.except];
        return [{
          from: [line.origin, at.origin],
          conditions,
          except,
          share: one.share,
          action,
          settings: responseOnly(settings),
        }];
      })
    );
    const takesAll = inner.answers.some(({ cases }) => cases.some((one) => isAlways(one)));
    if (group === null) {
      if (!takesAll) found.lose(line.origin, `${backend.name} has no target that sluice can use`);
      return answers;
    }
    const rule: TriedRule = {
      ...caseParts(each),
      from: [line.origin],
      action: { value: { kind: "forward", groups: [{ name: group, weight: 1 }] }, from: line.origin },
      settings,
      ...guard === undefined ? {} : { guard: guard.origin },
    };
    return [...answers, rule];
  });
}

function isAlways({ conditions, except, share }: Case): boolean {
  return except.length === 0 && share === null && JSON.stringify(conditions) === JSON.stringify(NO_CONDITIONS);
}

/** Own answers take no headers to targets, and no rewrites. */
function responseOnly(settings: readonly Setting[]): Setting[] {
  return settings.filter((each) => each.name.startsWith("RESPONSE_"));
}

/** A frontend for one of two ports asks for the protocol, if another frontend has the other port. */
function protocolOf(binds: readonly Bind[], fronts: readonly Front[]): Partial<Conditions> {
  const kinds = new Set(binds.map((each) => each.tls));
  const all = new Set(fronts.flatMap((front) => front.binds.map((each) => each.tls)));
  if (all.size < 2 || kinds.size !== 1) return {};
  return { protocol: { value: binds[0]!.tls ? "https" : "http", from: binds[0]!.origin } };
}
