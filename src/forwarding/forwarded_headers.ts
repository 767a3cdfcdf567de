import type { TargetSnapshot } from "../state/group_snapshot.ts";
import { hostPort } from "../state/group_snapshot.ts";
import type { TrustedProxies } from "./client_address.ts";
import type { Exchange } from "./exchange.ts";
import { connectionOptions, isHopByHop } from "./hop_by_hop.ts";

/** What the headers of a target's request depend on, beside the request: known when a snapshot is applied. */
export interface HeaderSettings {
  /** `1.1 sluice-<instance>`. */
  readonly via: string;
  /** HEADER_CONVENTION_ENABLE. */
  readonly convention: boolean;
  /** The listener's port, for X-Forwarded-Port. */
  readonly listenerPort: string;
  readonly scheme: "http" | "https";
  readonly trusted: TrustedProxies;
}

/** Headers of one request, ready for any target but for `host`. */
export interface RequestHeaders {
  readonly pairs: [string, string][];
  /** Our own `Via` was there: the request has been here before. */
  readonly loop: boolean;
}

/**
 * Builds the headers that a target gets, in one walk over the client's: hop-by-hop headers and what `Connection` lists are
 * dropped, `Via` is added, the X-Forwarded family is believed, appended to or removed as TRUSTED_PROXIES says.
 *
 * Who can forge what: without TRUSTED_PROXIES a client can put any X-Forwarded-* in front of ours (the convention appends);
 * with it only the listed proxies can.
 *
 * @param pairs What the transport wants in front; added to.
 */
export function requestHeaders(
  exchange: Exchange,
  settings: HeaderSettings,
  pairs: [string, string][],
): RequestHeaders {
  const { headers } = exchange.request;
  const listed = connectionOptions(headers.get("connection"));
  const believed = !settings.trusted.configured || settings.trusted.trusts(exchange.peer);
  const seen: Forwarding = { via: null, forwardedFor: null };
  // One closure over locals: forEach is the cheapest way through Headers on this platform (docs/performance.md).
  headers.forEach((value, name) => {
    switch (name) {
      case "host":
        return;
      case "via":
        seen.via = value;
        return;
      case "x-forwarded-for":
        if (believed) seen.forwardedFor = value;
        return;
      case "te":
        if (value.trim().toLowerCase() === "trailers") pairs.push([name, "trailers"]);
        return;
      case "x-real-ip":
      case "x-forwarded-host":
      case "x-forwarded-port":
      case "x-forwarded-proto":
        if (believed && !settings.convention) pairs.push([name, value]);
        else if (believed && settings.trusted.configured) pairs.push([name, value]);
        return;
      case "x-request-id":
        if (!settings.convention) pairs.push([name, value]);
        return;
    }
    if (isHopByHop(name)) return;
    if (listed !== null && listed.has(name)) return;
    if (!believed && (name === "forwarded" || name.startsWith("x-forwarded-"))) return;
    pairs.push([name, value]);
  });
  pairs.push(["via", seen.via === null ? settings.via : `${seen.via}, ${settings.via}`]);
  if (settings.convention) addConvention(pairs, exchange, settings, seen.forwardedFor);
  else if (seen.forwardedFor !== null) pairs.push(["x-forwarded-for", seen.forwardedFor]);
  return { pairs, loop: seen.via !== null && seen.via.includes(settings.via) };
}

interface Forwarding {
  via: string | null;
  forwardedFor: string | null;
}

function addConvention(
  pairs: [string, string][],
  exchange: Exchange,
  settings: HeaderSettings,
  forwardedFor: string | null,
): void {
  pairs.push(["x-forwarded-for", forwardedFor === null ? exchange.peer : `${forwardedFor}, ${exchange.peer}`]);
  // What a trusted proxy said of the client's own request stands; otherwise this is the first proxy that can say it.
  const said = (name: string) => pairs.some((pair) => pair[0] === name);
  if (!said("x-forwarded-host")) pairs.push(["x-forwarded-host", exchange.host]);
  if (!said("x-forwarded-port")) pairs.push(["x-forwarded-port", settings.listenerPort]);
  if (!said("x-forwarded-proto")) pairs.push(["x-forwarded-proto", settings.scheme]);
  if (!said("x-real-ip")) pairs.push(["x-real-ip", exchange.client]);
  pairs.push(["x-request-id", exchange.requestId]);
}

/** Gives the Host that a target sees: its own `host:port`, or the client's with PRESERVE_HOST. */
export function targetHost(target: TargetSnapshot, preserveHost: boolean, clientHost: string): string {
  return preserveHost ? clientHost : hostPort(target.host, target.port);
}

/** Tells whether a client's X-Request-Id is fit to be passed on and logged: 1 to 128 letters, digits and `-_.:/+=@`. */
export function isSaneRequestId(id: string): boolean {
  if (id.length === 0 || id.length > 128) return false;
  for (let i = 0; i < id.length; i++) {
    const c = id.charCodeAt(i);
    const fine = (c >= 48 && c <= 58) || (c >= 64 && c <= 90) || (c >= 97 && c <= 122) || c === 45 || c === 46 ||
      c === 95 ||
      c === 47 || c === 43 || c === 61;
    if (!fine) return false;
  }
  return true;
}
