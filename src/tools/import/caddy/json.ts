import { ImportError } from "../import_error.ts";
import type { SourceText } from "../importer.ts";
import type { Collector } from "../output/collector.ts";
import type { Origin } from "../output/imported.ts";
import type { CaddyHandler, CaddyMatcher, CaddyRoute, CaddyServer } from "./routes.ts";

/** An object of JSON. */
type Json = Record<string, unknown>;

/** Reads Caddy's JSON, as `caddy adapt` prints it. */
export function readJson({ path: file, text }: SourceText, found: Collector): CaddyServer[] {
  let whole: Json;
  try {
    whole = JSON.parse(text);
  } catch (error) {
    throw new ImportError([`${file}: ${(error as Error).message}`]);
  }
  const apps = objectOf(whole.apps);
  for (const name of Object.keys(whole)) {
    if (name === "admin") {
      found.needless(at(file, name, whole[name]), "sluice's admin listener is ADMIN_HOST and ADMIN_PORT");
    } else if (name === "logging") {
      found.needless(at(file, name, whole[name]), "sluice logs each request; ACCESS_LOG and LOG_LEVEL");
    } else if (name !== "apps") found.lose(at(file, name, whole[name]), "sluice has no counterpart");
  }
  for (const name of Object.keys(apps)) {
    if (name !== "http" && name !== "tls") {
      found.lose(at(file, `apps.${name}`, apps[name]), "sluice has no counterpart");
    }
  }
  readTls(objectOf(apps.tls), file, found);
  const http = objectOf(apps.http);
  for (const name of Object.keys(http)) {
    if (name !== "servers") {
      found.needless(at(file, `apps.http.${name}`, http[name]), "no counterpart, and none is needed");
    }
  }
  return Object.entries(objectOf(http.servers)).map(([name, server]) =>
    serverOf(objectOf(server), `apps.http.servers.${name}`, file, found)
  );
}

function serverOf(server: Json, path: string, file: string, found: Collector): CaddyServer {
  const origin = at(file, path, server.listen);
  const automatic = objectOf(server.automatic_https);
  // Caddy gets certificates for the hosts of a server by itself, unless it listens on the port for plain HTTP.
  const hosts = ((server.routes ?? []) as Json[]).some((route) => JSON.stringify(route.match ?? []).includes('"host"'));
  const named = hosts && automatic.disable !== true;
  const tls = server.tls_connection_policies !== undefined;
  for (const [name, value] of Object.entries(server)) {
    const place = at(file, `${path}.${name}`, value);
    if (["listen", "routes", "tls_connection_policies"].includes(name)) continue;
    if (["logs", "automatic_https", "protocols", "strict_sni_host", "max_header_bytes", "metrics"].includes(name)) {
      found.needless(place, "no counterpart, and none is needed");
    } else if (name === "trusted_proxies") {
      for (const range of (objectOf(value).ranges ?? []) as string[]) found.add("TRUSTED_PROXIES", range, place);
    } else found.lose(place, "sluice has no counterpart");
  }
  const listens = ((server.listen ?? []) as string[]).flatMap((listen, i) => {
    const place = at(file, `${path}.listen[${i}]`, listen);
    const [, host = "", port] = /^(?:tcp\/)?(.*?):(\d+)$/.exec(listen) ?? [];
    if (port === undefined) {
      found.lose(place, "sluice listens on TCP ports, one by one");
      return [];
    }
    return [{
      host,
      port: Number(port),
      tls: tls || (named && Number(port) !== 80),
      origin: place,
    }];
  });
  return { origin, listens, routes: routesOf(server.routes, `${path}.routes`, file) };
}

function routesOf(routes: unknown, path: string, file: string): CaddyRoute[] {
  return ((routes ?? []) as Json[]).map((route, i): CaddyRoute => {
    const here = `${path}[${i}]`;
    const sets = ((route.match ?? []) as Json[]).map((set, m) =>
      Object.entries(set).map(([name, value]): CaddyMatcher => ({
        name,
        value,
        origin: at(file, `${here}.match[${m}].${name}`, value),
      }))
    );
    const handlers = ((route.handle ?? []) as Json[]).map((handler, h): CaddyHandler => {
      const place = `${here}.handle[${h}]`;
      return {
        name: String(handler.handler),
        fields: handler,
        origin: at(file, place, handler.handler),
        places: {},
        routes: routesOf(handler.routes, `${place}.routes`, file),
      };
    });
    return { origin: at(file, here, ""), sets, handlers };
  });
}

function readTls(tls: Json, file: string, found: Collector): void {
  const files = (objectOf(tls.certificates).load_files ?? []) as Json[];
  files.forEach((each, i) => {
    const suffix = i === 0 ? "" : `_${i}`;
    const place = `apps.tls.certificates.load_files[${i}]`;
    found.set(
      `LISTENER_TLS_CERT${suffix}`,
      String(each.certificate),
      at(file, `${place}.certificate`, each.certificate),
    );
    found.set(`LISTENER_TLS_KEY${suffix}`, String(each.key), at(file, `${place}.key`, each.key));
  });
  if (tls.automation !== undefined) {
    found.set("ACME_ENABLE", "true", at(file, "apps.tls.automation", tls.automation));
  }
}

function at(file: string, path: string, value: unknown): Origin {
  return { place: `${file}: ${path}`, text: typeof value === "string" ? value : JSON.stringify(value) ?? "" };
}

function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Json : {};
}
