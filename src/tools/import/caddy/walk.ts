import { addTo, type Collector } from "../output/collector.ts";
import { both } from "../output/conditions.ts";
import type { Action, Conditions, From, Origin, Setting } from "../output/imported.ts";
import { mayMeet, sameConditions } from "../output/rule_order.ts";
import type { TriedRule } from "../output/tried_rules.ts";
import { headerSettings } from "./headers.ts";
import { type Matched, matched } from "./matchers.ts";
import { durationText } from "./placeholders.ts";
import type { Proxies } from "./proxies.ts";
import { rewriteSetting } from "./rewrites.ts";
import { type CaddyHandler, type CaddyRoute, placeOf } from "./routes.ts";
import { staticAction } from "./static_response.ts";

/** What holds where a route is reached. */
export interface Reached {
  readonly conditions: Conditions;
  readonly except: readonly Conditions[];
  readonly from: readonly Origin[];
  readonly settings: readonly Setting[];
  /** Settings for a part of the requests, by handlers that pass them on. */
  readonly partly: readonly {
    readonly conditions: Conditions;
    readonly settings: readonly Setting[];
    readonly from: Origin;
  }[];
  readonly guard?: Origin;
}

/** Handlers that respond in ways that sluice has not. */
const OTHER_RESPONSES = /^(file_server|php_fastcgi|templates|error|acme_server|metrics|copy_response|invoke)$/;

/** Goes through routes as Caddy does, and gives the rules for those that respond. */
export function walk(routes: readonly CaddyRoute[], start: Reached, proxies: Proxies, found: Collector): TriedRule[] {
  const rules: TriedRule[] = [];
  let here = start;
  for (const route of routes) {
    const reached = reach(route, here, found);
    for (const each of reached) {
      const { rules: own, settings, guard } = handle(route, each, proxies, found);
      rules.push(...own);
      const added = settings.slice(each.settings.length);
      if (own.length > 0 || (added.length === 0 && guard === undefined)) continue;
      // It passes requests on, so that what it sets holds for the routes behind.
      const always = sameConditions(each.conditions, here.conditions) && each.except.length === here.except.length;
      if (always) here = { ...here, settings, ...guard === undefined ? {} : { guard } };
      else if (guard !== undefined) {
        rules.push(closed(each, guard));
      } else {here = {
          ...here,
          partly: [...here.partly, { conditions: each.conditions, settings: added, from: route.origin }],
        };}
    }
  }
  return rules;
}

function closed({ conditions, except, from }: Reached, guard: Origin): TriedRule {
  const action = { value: { kind: "fixed", status: 403, type: "text/plain", body: "" }, from: guard } as const;
  return { from, conditions, except, share: null, action, settings: [], guard };
}

function reach(route: CaddyRoute, here: Reached, found: Collector): Reached[] {
  const sets: (Matched | null)[] = route.sets.length === 0 ? [matched([])] : route.sets.map(matched);
  return sets.flatMap((set): Reached[] => {
    // The hosts of a site are asked for once, however deep its routes are.
    const conditions = set === null ? null : both(here.conditions, set.conditions);
    if (set === null || conditions === null) {
      for (const each of route.sets.flat()) {
        found.lose(each.origin, "sluice has no condition for it, or none beside another");
      }
      loseHandlers(route.handlers, found);
      return [];
    }
    return [{ ...here, conditions, except: [...here.except, ...set.except], from: [...here.from, route.origin] }];
  });
}

function loseHandlers(handlers: readonly CaddyHandler[], found: Collector): void {
  for (const handler of handlers) {
    for (const origin of [handler.origin, ...Object.values(handler.places)]) {
      found.lose(origin, "its route was not carried over");
    }
    for (const route of handler.routes) loseHandlers(route.handlers, found);
  }
}

/** What the handlers of one route do: rules if one responds, and the settings that hold behind them. */
function handle(
  route: CaddyRoute,
  reached: Reached,
  proxies: Proxies,
  found: Collector,
): { rules: TriedRule[]; settings: Setting[]; guard?: Origin } {
  const settings = reached.settings.map((each) => ({ ...each, from: [...each.from] }));
  let guard = reached.guard;
  const respond = (action: From<Action>, more: readonly Setting[] = []): TriedRule[] => {
    const own = action.value.kind === "forward"
      ? settings.filter((each) => each.name !== "OWN_HOST")
      : settings.filter((each) => each.name.startsWith("RESPONSE_"));
    const { conditions, except } = reached;
    const rule: TriedRule = {
      from: reached.from.slice(-2),
      conditions,
      except,
      share: null,
      action,
      settings: [...own, ...more],
      ...guard === undefined ? {} : { guard },
    };
    return withParts(rule, reached.partly, found);
  };
  for (const handler of route.handlers) {
    const { name, fields, origin } = handler;
    if (name === "subroute") {
      const inner = walk(
        handler.routes,
        { ...reached, settings, ...guard === undefined ? {} : { guard } },
        proxies,
        found,
      );
      if (inner.length > 0) return { rules: inner, settings };
      // Nothing in it responds: what it sets holds for what comes behind.
      for (const each of handler.routes.filter((one) => one.sets.length === 0)) {
        const passed = handle(each, { ...reached, settings }, proxies, found);
        settings.splice(0, settings.length, ...passed.settings);
        guard = passed.guard ?? guard;
      }
    } else if (name === "reverse_proxy") {
      const forward = proxies.read(handler, settings);
      return { rules: forward === null ? [] : respond(forward.action, forward.settings), settings };
    } else if (name === "static_response") {
      const action = staticAction(handler, found);
      return { rules: action === null ? [] : respond(action), settings };
    } else if (name === "headers") headerSettings(handler, settings, found);
    else if (name === "rewrite") rewriteSetting(handler, settings, found);
    else if (name === "encode") addTo(settings, "COMPRESSION_ENABLE", "true", origin, ",");
    else if (name === "request_body") {
      found.setMost("MAX_BODY_BYTES", String(fields.max_size ?? 0), placeOf(handler, "max_size"));
    } else if (name === "authentication" || name === "forward_auth") {
      guard = origin;
      found.lose(origin, "sluice reads users from BASIC_AUTH_FILE, and asks by FORWARD_AUTH");
    } else if (OTHER_RESPONSES.test(name)) {
      found.lose(origin, "sluice serves no files, and speaks HTTP to targets: it answers with 404 here");
      const action: From<Action> = {
        value: { kind: "fixed", status: 404, type: "text/plain", body: "" },
        from: origin,
      };
      return { rules: respond(action), settings };
    } else if (name === "vars" || name === "log_append" || name === "tracing") {
      found.needless(origin, "no counterpart, and none is needed");
    } else found.lose(origin, "sluice has no counterpart");
    const timeout = fields.read_timeout === undefined ? null : durationText(fields.read_timeout);
    if (timeout !== null) found.setMost("LISTENER_BODY_TIMEOUT", timeout, origin);
  }
  return { rules: [], settings, ...guard === undefined ? {} : { guard } };
}

/** A rule once more for each part of its requests that has settings of its own. */
function withParts(rule: TriedRule, parts: Reached["partly"], found: Collector): TriedRule[] {
  let rules = [rule];
  for (const { conditions, settings, from } of parts) {
    const own = rule.action.value.kind === "forward"
      ? settings
      : settings.filter((each) => each.name.startsWith("RESPONSE_"));
    if (own.length === 0) continue;
    rules = rules.flatMap((each) => {
      if (!mayMeet(each.conditions, conditions)) return [each];
      const narrower = narrowed(each.conditions, conditions);
      if (narrower === null) {
        found.lose(from, `a rule of sluice's has one test of each kind: it is left out for ${rule.from[0]!.place}`);
        return [each];
      }
      const part = { ...each, from: [...each.from, from], conditions: narrower, settings: [...each.settings, ...own] };
      return sameConditions(narrower, each.conditions) ? [part] : [part, each];
    });
  }
  return rules;
}

/** Both conditions; the same hosts count once. */
function narrowed(one: Conditions, other: Conditions): Conditions | null {
  const hosts = (conditions: Conditions) => conditions.hosts.map((each) => each.value).join("|");
  return hosts(one) === hosts(other) ? both(one, { ...other, hosts: [] }) : both(one, other);
}
