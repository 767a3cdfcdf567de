import type { Conditions, From, ImportedRule } from "../output/imported.ts";
import type { Collector } from "../output/collector.ts";
import { hasWildcard, hostsMayMeet, literal } from "../output/patterns.ts";
import { both } from "../output/conditions.ts";
import { mayMeet } from "../output/rule_order.ts";
import { NO_CONDITIONS } from "../output/imported.ts";
import { type Directive, originOf } from "./directives.ts";
import type { Places } from "./forwarding.ts";
import { type BareRule, readLocations } from "./locations.ts";
import type { Server } from "./listens.ts";
import { readOwnAnswer } from "./return_action.ts";
import type { Blocks } from "./values.ts";

/** A server under some of its names; without a name it takes what no other does. */
interface Place {
  readonly server: Server;
  readonly hosts: readonly From<string>[];
  readonly isDefault: boolean;
}

/** Adds the rules of all servers, in the order in which nginx chooses among them. */
export function readServers(servers: readonly Server[], outer: Blocks, places: Places): void {
  const rules = new Map<Server, BareRule[]>();
  for (const server of servers) rules.set(server, readLocations(server.directive, outer, places));
  const order = placesOf(servers, places.found);
  order.forEach((place, i) => {
    const own = rules.get(place.server)!.map((rule) => placed(rule, place, servers));
    for (const rule of own) {
      if (rule !== null) places.found.rule(rule);
    }
    const later = order.slice(i + 1).some((each) => hostsMayMeet(hostNames(place), hostNames(each)));
    const takesAll = own.some((rule) => rule !== null && isCatchAll(rule.conditions));
    if (later && !takesAll) {
      const from = originOf(place.server.directive);
      const conditions: Conditions = { ...NO_CONDITIONS, hosts: place.hosts, ...protocolOf(place.server, servers) };
      // Without it, requests for this host that no location takes would go by the rules of another server.
      const closing: ImportedRule = { from: [from], conditions, action: readOwnAnswer(404, from), settings: [] };
      if (places.found.rules.some((rule) => mayMeet(rule.conditions, conditions))) places.found.rule(closing);
    }
  });
}

function hostNames({ hosts }: Place): string[] {
  return hosts.map((each) => each.value);
}

function isCatchAll({ path, methods, headers, cookies, queries, sourceIps }: Conditions): boolean {
  return path === undefined && [methods, headers, cookies, queries, sourceIps].every((list) => list.length === 0);
}

/** Exact names first, then wildcards by their length, then the default server. */
function placesOf(servers: readonly Server[], found: Collector): Place[] {
  const chosen = servers.find((each) => each.listens.some((listen) => listen.isDefault)) ?? servers[0];
  const exact: Place[] = [];
  const wild: Place[] = [];
  for (const server of servers) {
    const names = hostsOf(server.directive, found);
    const plain = names.filter((each) => !hasWildcard(each.value));
    const patterns = names.filter((each) => hasWildcard(each.value));
    const isDefault = isDefaultFor(server, servers, chosen);
    // The default server takes its own names at the end, unless another server's wildcard would take them.
    const others = servers.filter((each) => each !== server).flatMap((each) => hostsOf(each.directive, null))
      .filter((each) => hasWildcard(each.value)).map((each) => each.value);
    const contested = isDefault
      ? plain.filter((each) => others.length > 0 && hostsMayMeet([each.value], others))
      : plain;
    for (const each of isDefault ? names : []) {
      if (!contested.includes(each)) found.needless(each.from, "this server takes every host that no other names");
    }
    if (contested.length > 0) exact.push({ server, hosts: contested, isDefault: false });
    if (!isDefault) { for (const each of patterns) wild.push({ server, hosts: [each], isDefault: false }); }
  }
  wild.sort((one, other) => wildRank(one) - wildRank(other) || longest(other) - longest(one));
  const merged = mergeNeighbours(wild);
  const last = servers.filter((each) => isDefaultFor(each, servers, chosen))
    .map((server): Place => ({ server, hosts: [], isDefault: true }));
  return [...exact, ...merged, ...last];
}

/** The default server of a port; with TLS and without, that may be two. */
function isDefaultFor(server: Server, servers: readonly Server[], chosen: Server | undefined): boolean {
  if (server === chosen) return true;
  return server.listens.some((listen) => {
    const same = servers.filter((each) => each.listens.some((other) => other.port === listen.port));
    const marked = same.find((each) => each.listens.some((other) => other.port === listen.port && other.isDefault));
    return (marked ?? same[0]) === server;
  });
}

function wildRank({ hosts }: Place): number {
  return hosts[0]!.value.startsWith("*") ? 0 : 1;
}

function longest({ hosts }: Place): number {
  return hosts[0]!.value.length;
}

/** One rule can name several wildcards of the same server, if no other stands between them. */
function mergeNeighbours(wild: readonly Place[]): Place[] {
  const merged: Place[] = [];
  for (const place of wild) {
    const before = merged.at(-1);
    if (before?.server === place.server) {
      merged[merged.length - 1] = { ...before, hosts: [...before.hosts, ...place.hosts] };
    } else merged.push(place);
  }
  return merged;
}

function hostsOf(server: Directive, found: Collector | null): From<string>[] {
  const named = (server.block ?? []).filter((each) => each.name === "server_name");
  return named.flatMap((directive) => {
    const from = originOf(directive);
    return directive.args.flatMap((name): From<string>[] => {
      if (name === "" || name === "_" || name === "localhost" && directive.args.length === 1 && found === null) {
        return [];
      }
      if (name.startsWith("~") || name.startsWith("$")) {
        found?.lose(from, "_HOST takes names and wildcards, no regular expression");
        return [];
      }
      if (name.startsWith(".")) return [{ value: name.slice(1), from }, { value: `*${name}`, from }];
      return [{ value: name.split("*").map(literal).join("*"), from }];
    });
  });
}

/**
 * A server that listens on the plain port alone, beside one with TLS, or the other way around, asks for its protocol.
 */
function protocolOf(server: Server, servers: readonly Server[]): Pick<Conditions, "protocol"> {
  const kinds = (each: Server) => new Set(each.listens.map((listen) => listen.tls));
  const mixed = servers.some((each) => kinds(each).has(true)) && servers.some((each) => kinds(each).has(false));
  const [only] = [...kinds(server)];
  if (!mixed || kinds(server).size !== 1) return {};
  return { protocol: { value: only ? "https" : "http", from: server.listens[0]!.origin } };
}

function placed(rule: BareRule, place: Place, servers: readonly Server[]): ImportedRule | null {
  const protocol = protocolOf(place.server, servers);
  const wanted: Conditions = { ...NO_CONDITIONS, ...protocol };
  // `if ($host = ...)` in a server asks for one of the server's own names.
  const hosts = rule.conditions.hosts.length > 0 ? [] : place.hosts;
  const conditions = both({ ...wanted, hosts }, rule.conditions);
  return conditions === null ? null : { ...rule, conditions };
}
