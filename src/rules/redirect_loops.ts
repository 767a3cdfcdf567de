import { type Problem, problemOf } from "../config/config_error.ts";
import type { ListenerConfig } from "../config/model.ts";
import type { RuleConfig } from "../config/rule.ts";
import { parsePattern } from "../config/values/pattern.ts";
import type { ActionRequest } from "./actions/action.ts";
import { redirect } from "./actions/redirect.ts";
import { bareHost } from "./bare_host.ts";
import { canonicalPath } from "./canonical_path.ts";
import { needsRegexEngine } from "./regex.ts";
import { RuleIndex } from "./rule_index.ts";
import { orderedAlternatives } from "./rule_order.ts";

/** Redirects that a browser follows before it gives up, about. */
const MOST_HOPS = 20;

/**
 * Finds redirects that lead to themselves, perhaps by others: a client's request is made up for each, and followed as
 * long as it stays on plain HTTP and the listener's port.
 */
export function redirectLoops(rules: readonly RuleConfig[], { port }: Pick<ListenerConfig, "port">): Problem[] {
  // Without a plain port there is nothing to follow.
  if (port === null || !rules.some(({ action }) => action.kind === "redirect") || needsRegexEngine(rules)) return [];
  const index = new RuleIndex(rules);
  const samples = new Map(
    orderedAlternatives(rules).map((each) => [each.rule, sampleOf(each.host, each.literal, port)]),
  );
  return rules.flatMap((rule) => {
    if (rule.action.kind !== "redirect") return [];
    const end = follow(samples.get(rule)!, rule, index);
    if (end === null) return [];
    return [problemOf(`LISTENER_RULE_${rule.number}_REDIRECT`, `A request for ${end} would be redirected without end`)];
  });
}

/** Follows redirects; returns a URL that was there before, or null where they end. */
function follow(first: ActionRequest, rule: RuleConfig, index: RuleIndex<RuleConfig>): string | null {
  const seen = new Set<string>();
  let request = first;
  for (let hop = 0; hop < MOST_HOPS; hop++) {
    const url = `http://${request.host}${request.path}${request.query}`;
    if (seen.has(url)) return url;
    seen.add(url);
    const taker = index.match(request.path, request);
    if (taker === null || (hop === 0 && taker !== rule) || taker.action.kind !== "redirect") return null;
    const answer = redirect(taker.action).answer(request);
    if (answer === "loop") return url;
    if (answer === "bad_request") return null;
    const next = requestFor(answer.headers[0]![1], request);
    if (next === null) return null;
    request = next;
  }
  return null;
}

/** A request that a rule with this host and literal path takes, unless the rule has more conditions. */
function sampleOf(host: string | null, literal: string, listenerPort: number): ActionRequest {
  const named = host === null ? "example.com" : fill(host);
  return madeUp(named, canonicalPath(literal) ?? "/", { query: "", listenerPort });
}

function fill(pattern: string): string {
  return parsePattern(pattern).codes.map((code) => code < 0 ? "x" : String.fromCharCode(code)).join("");
}

function requestFor(location: string, before: ActionRequest): ActionRequest | null {
  const [, host = null, rest = location] = /^http:\/\/([^/?]*)(.*)$/i.exec(location) ?? [];
  if (host === null && !location.startsWith("/")) return null;
  const port = host === null ? null : /:(\d+)$/.exec(host)?.[1] ?? null;
  if (port !== null && Number(port) !== before.listenerPort) return null;
  const [path = "", query = ""] = rest.split("?", 2);
  const canonical = canonicalPath(path);
  if (canonical === null) return null;
  return madeUp(host === null ? before.host : bareHost(host), canonical, {
    query: query === "" ? "" : `?${query}`,
    listenerPort: before.listenerPort,
  });
}

function madeUp(
  host: string,
  path: string,
  { query, listenerPort }: { readonly query: string; readonly listenerPort: number },
): ActionRequest {
  return {
    method: "GET",
    host,
    path,
    query,
    listenerPort,
    clientAddress: "192.0.2.1",
    protocol: "http",
    headerLines: () => [],
  };
}
