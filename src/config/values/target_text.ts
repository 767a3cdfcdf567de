import { formatHostPort, parseHost } from "./address_values.ts";
import type { TargetEntry } from "../model.ts";
import { PATH } from "./path_values.ts";
import { Refusal } from "./value_kind.ts";

/** One entry of a list of targets, without its weight. */
export type TargetAddress = Omit<TargetEntry, "weight">;

/**
 * Parses `[http://|https://]host[:port][/base]`, IPv6 in brackets; the ports default to 80 and 443.
 *
 * ```ts
 * import { deepEqual } from "node:assert/strict";
 * deepEqual(parseTarget("Backend.example.com:8080/v1/"), {
 *   scheme: "http", host: "backend.example.com", port: 8080, base: "/v1",
 * });
 * ```
 */
export function parseTarget(text: string): TargetAddress | Refusal {
  const [, schemeText, rest] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(text)!;
  const scheme = (schemeText ?? "http").toLowerCase();
  if (scheme !== "http" && scheme !== "https") return new Refusal("http:// or https:// (or without a scheme)");
  const slash = rest!.search(/[/?#\\]/);
  const authority = slash < 0 ? rest! : rest!.slice(0, slash);
  const path = slash < 0 ? "" : rest!.slice(slash);
  if (authority.includes("@")) return new Refusal("without a user or password");
  if (path.includes("?")) return new Refusal("without a query");
  if (path.includes("#")) return new Refusal("without a fragment");
  if (isBareIpv6(authority)) {
    return new Refusal("written with brackets around an IPv6 address, as [::1]:8080");
  }
  const match = /^(\[[^\]]*\]|[^:[\]]*)(?::(.*))?$/s.exec(authority);
  if (match === null) return new Refusal("[http://|https://]host[:port][/base]");
  const portText = match[2];
  const port = portText === undefined ? (scheme === "https" ? 443 : 80) : /^\d{1,5}$/.test(portText) ? +portText : 0;
  if (port < 1 || port > 65535) return new Refusal("with a port from 1 to 65535");
  if (match[1] === "") return new Refusal("with a host before the port or base");
  const host = parseHost(match[1]!);
  if (host === null) return new Refusal("with a host name, an IPv4 address or an IPv6 address in brackets as its host");
  const base = parseBase(path);
  return base instanceof Refusal ? base : { scheme, host, port, base };
}

/** Tells whether this is an IPv6 address without its brackets, with or without a zone or port. */
function isBareIpv6(authority: string): boolean {
  const address = authority.replace(/%.*$/s, "");
  return /^[^[]*:.*:/s.test(address) &&
    [address, address.replace(/:\d*$/, "")].some((each) => each.includes(":") && parseHost(each) !== null);
}

/** Parses a base: a path in the form that is sent, without its last `/`. */
export function parseBase(text: string): string | Refusal {
  if (text === "") return "";
  const path = PATH.parse(text);
  if (path instanceof Refusal) return new Refusal(`with a base that is ${path.mustBe}`);
  return path.replace(/\/$/, "");
}

/** Writes a target so that it parses to the same one. */
export function formatTarget(target: TargetAddress): string {
  const scheme = target.scheme === "https" ? "https://" : "";
  return `${scheme}${formatHostPort(target.host, target.port)}${
    target.base.endsWith("/") ? `${target.base}/` : target.base
  }`;
}
