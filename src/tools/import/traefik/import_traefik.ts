import type { Importer } from "../importer.ts";
import { Collector } from "../output/collector.ts";
import { allOrigins, at, readDocument, textAt, textsAt, type Value } from "./documents.ts";
import { readEntryPoints } from "./entry_points.ts";
import { Middlewares } from "./middlewares.ts";
import { readRouters } from "./routers.ts";
import { Services } from "./services.ts";

/** Parts of the static configuration that sluice has in other ways. */
const NEEDLESS = new Set([
  "api",
  "log",
  "accessLog",
  "metrics",
  "tracing",
  "ping",
  "global",
  "providers",
  "experimental",
  "core",
  "hostResolver",
  "spiffe",
]);

/** Reads Traefik's static and dynamic configuration, in YAML or TOML, from one file or several. */
export const importTraefik: Importer = (sources) => {
  const found = new Collector();
  const root = together(sources.map(readDocument));
  const http = at(root, "http");
  const tlsNames = new Set(
    [...at(http, "routers")?.fields.values() ?? []].filter((router) => at(router, "tls") !== undefined)
      .flatMap((router) => textsAt(router, "entryPoints")),
  );
  const points = readEntryPoints(root, tlsNames, found);
  const services = new Services(found, at(http, "services"), at(http, "serversTransports"));
  const middlewares = new Middlewares(found, at(http, "middlewares"));
  readRouters(at(http, "routers"), { points, services, middlewares, found });
  services.reportUnused();
  middlewares.reportUnused();
  for (const [name, value] of root.fields) {
    if (["http", "entryPoints"].includes(name)) continue;
    if (name === "tls") readCertificates(value, found);
    else if (name === "certificatesResolvers") readResolvers(value, found);
    else if (NEEDLESS.has(name)) {
      for (const origin of allOrigins(value)) {
        found.needless(origin, "sluice has its own log, metrics and dashboard, and reads no labels");
      }
    } else for (const origin of allOrigins(value)) found.lose(origin, "sluice balances HTTP, and has no counterpart");
  }
  for (const [name, value] of http?.fields ?? []) {
    if (["routers", "services", "middlewares", "serversTransports"].includes(name)) continue;
    for (const origin of allOrigins(value)) found.lose(origin, "sluice has no counterpart");
  }
  return found;
};

/** Tables of several files as one. */
function together(all: readonly Value[]): Value {
  const [first, ...others] = all;
  if (first === undefined || others.length === 0) return first!;
  const fields = new Map(first.fields);
  for (const [name, value] of together(others).fields) {
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : together([before, value]));
  }
  return { ...first, fields };
}

function readCertificates(tls: Value, found: Collector): void {
  (at(tls, "certificates")?.items ?? []).forEach((each, i) => {
    const suffix = i === 0 ? "" : `_${i}`;
    for (const [name, key] of [["certFile", "CERT"], ["keyFile", "KEY"]] as const) {
      const value = at(each, name);
      if (value !== undefined) found.set(`LISTENER_TLS_${key}${suffix}`, String(value.scalar), value.origin);
    }
  });
  for (const [name, value] of tls.fields) {
    if (name === "certificates") continue;
    for (const origin of allOrigins(value)) {
      if (/clientAuth/.test(origin.text)) found.lose(origin, "sluice can't ask clients for certificates");
      else found.needless(origin, "sluice speaks TLS 1.2 and 1.3 without settings");
    }
  }
}

function readResolvers(resolvers: Value, found: Collector): void {
  for (const [, resolver] of resolvers.fields) {
    const acme = at(resolver, "acme");
    const variables = { email: "ACME_EMAIL", caServer: "ACME_DIRECTORY" };
    for (const [name, variable] of Object.entries(variables)) {
      const value = textAt(acme, name);
      if (value !== undefined) found.set(variable, value, at(acme, name)!.origin);
    }
    for (const [name, value] of acme?.fields ?? []) {
      if (Object.hasOwn(variables, name)) continue;
      for (const origin of allOrigins(value)) {
        if (name === "dnsChallenge") found.lose(origin, "sluice answers HTTP-01 challenges alone");
        else found.needless(origin, "ACME_STORAGE, and HTTP-01 on the plain port");
      }
    }
  }
}
