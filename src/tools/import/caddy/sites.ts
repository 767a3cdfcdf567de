import type { ReadIncluded, SourceText } from "../importer.ts";
import type { Collector } from "../output/collector.ts";
import type { Origin } from "../output/imported.ts";
import { readCaddyfile, type Segment } from "./caddyfile_text.ts";
import { routesOf } from "./directives.ts";
import type { CaddyRoute, CaddyServer } from "./routes.ts";

/** One address of a site. */
interface Address {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

interface Options {
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly autoHttps: boolean;
}

/** Reads a Caddyfile as servers: one for each port, with the sites on it, the more exact host first. */
export function readSites(source: SourceText, readIncluded: ReadIncluded, found: Collector): CaddyServer[] {
  const all = readCaddyfile(source, readIncluded, found);
  const [first] = all;
  const global = first !== undefined && first.words.length === 0 ? first : undefined;
  const options = readOptions(global?.block ?? [], found);
  const rest = global === undefined ? all : all.slice(1);
  // A file with one site may do without braces: the first line has its addresses.
  const sites =
    rest.every((each, i) => i === 0 ? each.block === null : true) && rest.length > 0 && rest[0]!.block === null
      ? [{ ...rest[0]!, block: rest.slice(1) }]
      : rest;
  const servers = new Map<
    string,
    { listen: Address; origin: Origin; sites: { hosts: string[]; site: Segment; routes: CaddyRoute[] }[] }
  >();
  for (const site of sites) {
    readTls(site, found);
    const routes = routesOf(site.block ?? [], new Map(), true, found);
    const addresses = site.words.flatMap((word) => word.split(",")).filter((word) => word !== "").map((each) =>
      addressOf(each, options)
    );
    for (const address of addresses) {
      const key = `${address.port} ${address.tls}`;
      const server = servers.get(key) ?? { listen: address, origin: site.origin, sites: [] };
      servers.set(key, server);
      const before = server.sites.find((each) => each.site === site);
      if (before === undefined) server.sites.push({ hosts: [address.host], site, routes });
      else before.hosts.push(address.host);
    }
    if (addresses.some((each) => each.tls && each.host !== "" && options.autoHttps) && !hasCertificate(site)) {
      found.set("ACME_ENABLE", "true", site.origin, "LISTENER_TLS_PORT");
    }
  }
  return [...servers.values()].map(({ listen, origin, sites }): CaddyServer => ({
    origin,
    listens: [{ host: "", port: listen.port, tls: listen.tls, origin }],
    routes: sites.sort((one, other) => hostRank(one.hosts) - hostRank(other.hosts)).map(({ hosts, site, routes }) => ({
      origin: site.origin,
      sets: hosts.includes("") ? [] : [[{ name: "host", value: hosts, origin: site.origin }]],
      handlers: [{ name: "subroute", fields: {}, origin: site.origin, places: {}, routes }],
    })),
  }));
}

function hostRank(hosts: readonly string[]): number {
  return hosts.includes("") ? 2 : hosts.some((each) => each.includes("*")) ? 1 : 0;
}

function addressOf(text: string, { httpPort, httpsPort, autoHttps }: Options): Address {
  const [, scheme, host = "", port] = /^(?:(https?):\/\/)?(\[[^\]]*\]|[^:/]*)(?::(\d+))?/.exec(text)!;
  const bare = host === "*" ? "" : host;
  if (scheme === "http") return { host: bare, port: Number(port ?? httpPort), tls: false };
  const number = Number(port ?? (host === "" || !autoHttps && scheme === undefined ? httpPort : httpsPort));
  const plain = scheme === undefined && (number === httpPort || host === "" && number !== httpsPort || !autoHttps);
  return { host: bare, port: number, tls: !plain };
}

function readOptions(block: readonly Segment[], found: Collector): Options {
  const value = (name: string) => block.find((each) => each.words[0] === name)?.words[1];
  const READ = ["http_port", "https_port", "auto_https", "email", "acme_ca"];
  for (const { words, origin, block: inner } of block) {
    const [name = "", first = ""] = words;
    if (name === "email") found.set("ACME_EMAIL", first, origin);
    else if (name === "acme_ca") found.set("ACME_DIRECTORY", first, origin);
    else if (name === "servers") readServerOptions(inner ?? [], found);
    else if (
      READ.includes(name) ||
      ["admin", "log", "debug", "order", "storage", "grace_period", "persist_config", "skip_install_trust"].includes(
        name,
      )
    ) {
      found.needless(origin, "no counterpart, and none is needed");
      for (const each of inner ?? []) found.needless(each.origin, `part of ${name}`);
    } else {
      found.lose(origin, "sluice has no counterpart");
      for (const each of inner ?? []) found.lose(each.origin, `part of ${name}`);
    }
  }
  return {
    httpPort: Number(value("http_port") ?? 80),
    httpsPort: Number(value("https_port") ?? 443),
    autoHttps: value("auto_https") !== "off",
  };
}

function readServerOptions(block: readonly Segment[], found: Collector): void {
  for (const { words, origin, block: inner } of block) {
    const [name, kind, ...ranges] = words;
    if (name === "trusted_proxies" && kind === "static") {
      for (const each of ranges) {
        found.add(
          "TRUSTED_PROXIES",
          each === "private_ranges" ? "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16" : each,
          origin,
        );
      }
    } else if (name === "timeouts") {
      const variables: Record<string, string> = {
        read_header: "LISTENER_HEAD_TIMEOUT",
        idle: "LISTENER_IDLE_TIMEOUT",
        read_body: "LISTENER_BODY_TIMEOUT",
        write: "LISTENER_WRITE_TIMEOUT",
      };
      for (const each of inner ?? []) {
        const variable = variables[each.words[0] ?? ""];
        if (variable !== undefined) found.setMost(variable, each.words[1] ?? "0", each.origin);
      }
    } else found.needless(origin, "no counterpart, and none is needed");
  }
}

function hasCertificate(site: Segment): boolean {
  return (site.block ?? []).some(({ words }) => words[0] === "tls" && (words.length === 3 || words[1] === "internal"));
}

/** `tls cert.pem key.pem`, `tls you@example.com` and `tls internal`. */
function readTls(site: Segment, found: Collector): void {
  for (const { words, origin, block } of site.block ?? []) {
    if (words[0] !== "tls") continue;
    const [first = "", second] = words.slice(1);
    if (second !== undefined) {
      let number = 0;
      while (found.settings.some((each) => each.name === certificate(number) && each.value !== first)) number++;
      found.set(certificate(number), first, origin);
      found.set(certificate(number).replace("CERT", "KEY"), second, origin);
    } else if (first.includes("@")) found.set("ACME_EMAIL", first, origin);
    else if (first !== "") found.lose(origin, "sluice makes no certificates by itself; ACME, or LISTENER_TLS_CERT");
    for (const each of block ?? []) found.lose(each.origin, "sluice has no counterpart");
  }
}

function certificate(number: number): string {
  return `LISTENER_TLS_CERT${number === 0 ? "" : `_${number}`}`;
}
