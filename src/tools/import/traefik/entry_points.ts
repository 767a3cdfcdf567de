import type { Collector } from "../output/collector.ts";
import type { Action, From } from "../output/imported.ts";
import { allOrigins, at, textAt, textsAt, type Value } from "./documents.ts";

/** The entry points that sluice listens on. */
export interface EntryPoints {
  /** Names for plain HTTP, and with TLS. */
  readonly plain: readonly string[];
  readonly tls: readonly string[];
  /** A redirect for all that comes to the plain port. */
  readonly redirect?: From<Action>;
}

const TIMES: Readonly<Record<string, string>> = {
  readTimeout: "LISTENER_BODY_TIMEOUT",
  writeTimeout: "LISTENER_WRITE_TIMEOUT",
  idleTimeout: "LISTENER_IDLE_TIMEOUT",
};

/** Reads the static configuration; `tlsNames` are entry points that routers with TLS use. */
export function readEntryPoints(root: Value, tlsNames: ReadonlySet<string>, found: Collector): EntryPoints {
  const points = at(root, "entryPoints");
  const plain: string[] = [];
  const tls: string[] = [];
  let redirect: From<Action> | undefined;
  for (const [name, point] of points?.fields ?? []) {
    const address = at(point, "address");
    const [, host = "", port = ""] = /^(.*?):(\d+)(?:\/tcp)?$/.exec(String(address?.scalar ?? "")) ?? [];
    const origin = address?.origin ?? point.origin;
    const secure = at(point, "http", "tls") !== undefined || tlsNames.has(name) || port === "443";
    const variable = secure ? "LISTENER_TLS_PORT" : "LISTENER_PORT";
    const before = found.settings.find((each) => each.name === variable);
    found.needless(point.origin, "its settings hold for the listener");
    if (port === "") found.lose(origin, "sluice listens on TCP ports, one by one");
    else if (before !== undefined && before.value !== port) {
      found.lose(origin, `sluice has one plain port and one for TLS: start another sluice for ${port}`);
    } else {
      found.set(variable, port, origin);
      if (host !== "") found.set("LISTENER_HOST", host, origin);
      (secure ? tls : plain).push(name);
    }
    redirect = options(point, found) ?? redirect;
  }
  if (plain.length === 0 && tls.length > 0) found.set("LISTENER_PORT", "off", points!.origin, "LISTENER_TLS_PORT");
  return { plain, tls, ...redirect === undefined ? {} : { redirect } };
}

function options(point: Value, found: Collector): From<Action> | undefined {
  let redirect: From<Action> | undefined;
  for (const [name, value] of point.fields) {
    if (name === "address") continue;
    if (name === "forwardedHeaders" || name === "proxyProtocol") {
      found.needless(value.origin, "its addresses stand in TRUSTED_PROXIES");
      for (const each of textsAt(value, "trustedIPs")) {
        found.add("TRUSTED_PROXIES", each, at(value, "trustedIPs")!.origin);
      }
      for (const each of at(value, "trustedIPs")?.items ?? []) {
        found.needless(each.origin, "it stands in TRUSTED_PROXIES");
      }
      if (name === "proxyProtocol") {
        found.set("LISTENER_PROXY_PROTOCOL", "true", value.origin);
      }
      const insecure = at(value, "insecure");
      if (insecure !== undefined) found.lose(insecure.origin, "sluice believes peers that TRUSTED_PROXIES names");
    } else if (name === "http") {
      for (const [key, each] of value.fields) {
        if (key === "redirections") redirect = redirection(each, found);
        else if (key === "tls") tlsOf(each, found);
        else {for (const origin of allOrigins(each)) {
            found.lose(origin, "sluice has no counterpart for all routers of a port");
          }}
      }
      found.needless(value.origin, "its settings hold for the listener");
    } else if (name === "transport") transport(value, found);
    else for (const origin of allOrigins(value)) found.needless(origin, "no counterpart, and none is needed");
  }
  return redirect;
}

function redirection(value: Value, found: Collector): From<Action> | undefined {
  const entry = at(value, "entryPoint");
  for (const origin of allOrigins(value)) found.needless(origin, "it is a rule for plain requests");
  if (entry === undefined) return undefined;
  const scheme = textAt(entry, "scheme") ?? "https";
  const status = textAt(entry, "permanent") === "false" ? 302 : 301;
  return { value: { kind: "redirect", status, location: `${scheme}://#{host}/#{path}?#{query}` }, from: entry.origin };
}

function tlsOf(value: Value, found: Collector): void {
  const resolver = at(value, "certResolver");
  for (const [name, each] of value.fields) {
    if (name === "domains") {
      for (const origin of allOrigins(each)) found.needless(origin, "ACME_DOMAINS are the names in _HOST");
    } else if (name !== "certResolver") {
      for (const origin of allOrigins(each)) found.needless(origin, "sluice speaks TLS 1.2 and 1.3 without settings");
    }
  }
  if (resolver !== undefined) found.set("ACME_ENABLE", "true", resolver.origin);
}

function transport(value: Value, found: Collector): void {
  found.needless(value.origin, "its settings hold for the listener");
  for (const [name, each] of value.fields) {
    if (name === "respondingTimeouts") {
      found.needless(each.origin, "its times hold for the listener");
      for (const [key, time] of each.fields) {
        const variable = TIMES[key];
        const text = String(time.scalar);
        if (variable === undefined) found.lose(time.origin, "sluice has no counterpart");
        else found.setMost(variable, /^\d+$/.test(text) ? `${text}s` : text, time.origin);
      }
    } else if (name === "lifeCycle") {
      found.needless(each.origin, "its times hold for the shutdown");
      for (const [key, time] of each.fields) {
        const variable = key === "graceTimeOut" ? "SHUTDOWN_TIMEOUT" : "SHUTDOWN_DELAY";
        const text = String(time.scalar);
        found.set(variable, /^\d+$/.test(text) ? `${text}s` : text, time.origin);
      }
    } else for (const origin of allOrigins(each)) found.needless(origin, "no counterpart, and none is needed");
  }
}
