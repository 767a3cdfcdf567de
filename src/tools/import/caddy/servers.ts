import type { Collector } from "../output/collector.ts";
import { NO_CONDITIONS } from "../output/imported.ts";
import { addTriedRules } from "../output/tried_rules.ts";
import { Proxies } from "./proxies.ts";
import type { CaddyRoute, CaddyServer } from "./routes.ts";
import { walk } from "./walk.ts";

/** Adds the rules of all servers on the plain port and the TLS port that sluice listens on. */
export function readServers(servers: readonly CaddyServer[], found: Collector): void {
  const listens = servers.flatMap((each) => each.listens);
  const choose = (tls: boolean, usual: number) => {
    const some = listens.filter((each) => each.tls === tls);
    return some.find((each) => each.port === usual) ?? some[0];
  };
  const plain = choose(false, 80);
  const secure = choose(true, 443);
  if (plain !== undefined) found.set("LISTENER_PORT", String(plain.port), plain.origin);
  if (secure !== undefined) {
    found.set("LISTENER_TLS_PORT", String(secure.port), secure.origin);
    if (plain === undefined) {
      // Caddy redirects from port 80 by itself.
      found.set("LISTENER_PORT", "80", secure.origin);
      found.set("LISTENER_HTTPS_REDIRECT", "true", secure.origin, "LISTENER_TLS_PORT");
    }
  }
  const host = (plain ?? secure)?.host ?? "";
  if (host !== "") found.set("LISTENER_HOST", host.replace(/^\[|\]$/g, ""), (plain ?? secure)!.origin);
  const proxies = new Proxies(found);
  const taken = servers.filter((server) => {
    const kept = server.listens.filter((each) => each.port === plain?.port || each.port === secure?.port);
    for (const each of server.listens) {
      if (!kept.includes(each)) {
        found.lose(each.origin, `sluice has one plain port and one for TLS: start another sluice for ${each.port}`);
      } else found.needless(each.origin, "LISTENER_PORT and LISTENER_HOST hold for all");
    }
    if (kept.length === 0) { for (const route of server.routes) loseRoute(route, found); }
    return kept.length > 0;
  });
  const both = plain !== undefined && secure !== undefined;
  const rules = taken.flatMap((server) => {
    const kinds = new Set(server.listens.map((each) => each.tls));
    const [first] = server.listens;
    const protocol = both && kinds.size === 1
      ? { protocol: { value: first!.tls ? "https" as const : "http" as const, from: first!.origin } }
      : {};
    const start = { conditions: { ...NO_CONDITIONS, ...protocol }, except: [], from: [], settings: [], partly: [] };
    return walk(server.routes, start, proxies, found);
  });
  addTriedRules(rules, found);
}

function loseRoute(route: CaddyRoute, found: Collector): void {
  for (const { origin } of route.sets.flat()) found.lose(origin, "its server listens on no port of sluice's");
  for (const handler of route.handlers) {
    for (const origin of [handler.origin, ...Object.values(handler.places)]) {
      found.lose(origin, "its server listens on no port of sluice's");
    }
    for (const inner of handler.routes) loseRoute(inner, found);
  }
}
