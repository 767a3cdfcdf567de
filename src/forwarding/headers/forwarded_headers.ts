import { bindsConnection } from "./connection_auth.ts";
import { shortestLength } from "../../http1/framing.ts";
import type { TargetSnapshot } from "../../state/group_snapshot.ts";
import { hostPort } from "../../state/group_snapshot.ts";
import type { TrustedProxies } from "./client_address.ts";
import type { Exchange } from "../exchange.ts";
import { connectionOptions, isHopByHop } from "../../http1/hop_by_hop.ts";
import { upgradeKind } from "../websocket/upgrade_request.ts";

/** What the headers of a target's request depend on, beside the request: known when a snapshot is applied. */
export interface HeaderSettings {
  /** `1.1 sluice-<instance>`; null with VIA_ENABLE=false, which also ends the finding of loops. */
  readonly via: string | null;
  /** HEADER_CONVENTION_ENABLE. */
  readonly convention: boolean;
  /** The listener's port, for X-Forwarded-Port. */
  readonly listenerPort: string;
  readonly scheme: "http" | "https";
  readonly trusted: TrustedProxies;
  /**
   * Headers that the transport writes by itself where requests are spans of OpenTelemetry: a `traceparent` that names the
   * attempt's span, in the client's trace. The client's beside it would make two, which is none (W3C Trace Context section 3.2).
   */
  readonly traceHeaders: ReadonlySet<string>;
}

/** What one walk over a client's headers found, beside the headers for the target. */
export interface HeaderFacts {
  /** Content-Length in its shortest form; null if there is none. */
  contentLength: string | null;
  /** Transfer-Encoding came, so the body is chunked. */
  chunked: boolean;
  /** Transfer-Encoding names another coding beside or instead of `chunked`, which would get lost on the way. */
  unknownCoding: boolean;
  /** `Upgrade` came. */
  upgrade: boolean;
  /** `User-Agent` came, and goes on. */
  userAgent: boolean;
  /** Credentials came that authenticate a connection: it must not be shared. */
  ownConnection: boolean;
  /** Our own `Via` was there: the request has been here before. */
  loop: boolean;
}

/**
 * Builds the headers that a target gets, in one walk over the client's: hop-by-hop headers and what `Connection` lists are
 * dropped, `Via` is added, the X-Forwarded family is believed, appended to or removed as TRUSTED_PROXIES says. Fills in
 * the exchange's client address and request id on the way.
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
): HeaderFacts {
  const { headers } = exchange.request;
  const { convention, trusted } = settings;
  const believed = !trusted.configured || trusted.trusts(exchange.peer);
  const guarded = convention || trusted.configured;
  const facts: HeaderFacts = {
    contentLength: null,
    chunked: false,
    unknownCoding: false,
    upgrade: false,
    userAgent: false,
    ownConnection: false,
    loop: false,
  };
  const own = pairs.length;
  let connection: string | null = null;
  let via: string | null = null;
  let forwardedFor: string | null = null;
  let requestId: string | null = null;
  // forEach is the cheapest way through Headers on this platform (docs/performance.md).
  headers.forEach((value, name) => {
    switch (name) {
      case "host":
        return;
      case "connection":
        connection = value;
        return;
      case "user-agent":
        facts.userAgent = true;
        break;
      case "authorization":
      case "proxy-authorization":
        facts.ownConnection ||= bindsConnection(value);
        break;
      case "via":
        via = value;
        return;
      case "traceparent":
      case "baggage":
        // A WebSocket's handshake does not go by a transport.
        if (settings.traceHeaders.has(name) && upgradeKind(exchange.method, headers) !== "websocket") return;
        break;
      case "content-length":
        facts.contentLength = shortestLength(value);
        pairs.push([name, facts.contentLength]);
        return;
      case "transfer-encoding":
        facts.chunked = true;
        facts.unknownCoding = value.trim().toLowerCase() !== "chunked";
        return;
      case "upgrade":
        facts.upgrade = true;
        return;
      case "te":
        if (value.trim().toLowerCase() === "trailers") pairs.push([name, "trailers"]);
        return;
      case "x-forwarded-for":
        if (believed) forwardedFor = value;
        return;
      case "x-real-ip":
      case "x-forwarded-host":
      case "x-forwarded-port":
      case "x-forwarded-proto":
        // The convention sets these, unless a trusted proxy said them of the client's own request.
        if (!believed || (convention && !trusted.configured)) return;
        break;
      case "expect":
        // The listener met it (`100 Continue`) and the body follows unasked: a target that would rather refuse it, and answers
        // at once, may take what comes for the next request.
        return;
      case "x-request-id":
        if (isSaneRequestId(value)) requestId = value;
        if (convention) return;
        break;
      default:
        if (isHopByHop(name) || (!believed && (name === "forwarded" || name.startsWith("x-forwarded-")))) return;
        if (guarded && name.includes("_") && isTwin(name, settings)) return;
    }
    pairs.push([name, value]);
  });
  const listed = connectionOptions(connection);
  if (listed !== null) {
    removeListed(pairs, own, listed);
    if (listed.has("user-agent")) facts.userAgent = false;
  }
  if (trusted.configured) exchange.client = trusted.clientAddress(exchange.peer, forwardedFor);
  if (requestId !== null) exchange.requestId = requestId;
  else if (convention) exchange.requestId = crypto.randomUUID();
  if (settings.via !== null) {
    facts.loop = via !== null && (via as string).includes(settings.via);
    pairs.push(["via", via === null ? settings.via : `${via}, ${settings.via}`]);
  } else if (via !== null) pairs.push(["via", via]);
  if (convention) addConvention(pairs, exchange, { settings, forwardedFor });
  else if (forwardedFor !== null) pairs.push(["x-forwarded-for", forwardedFor]);
  return facts;
}

/**
 * Tells whether a header differs only by underscores from one that tells of the client (`X_Forwarded_For`). CGI, and what follows
 * its example, gives both one name, so an application could take a client's own for the one that sluice or a proxy vouches for. No
 * proxy writes it so: with TRUSTED_PROXIES it is removed whoever the peer is, since a trusted one may just have passed it on.
 */
export function isTwin(name: string, { convention, trusted }: HeaderSettings): boolean {
  const hyphenated = name.replaceAll("_", "-");
  if (convention && SET_BY_CONVENTION.has(hyphenated)) return true;
  return trusted.configured && (hyphenated === "x-real-ip" || hyphenated.startsWith("x-forwarded-"));
}

const SET_BY_CONVENTION: ReadonlySet<string> = new Set([
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-real-ip",
  "x-request-id",
]);

/** Drops what Connection listed, from `own` on: nearly no request lists anything, so it is looked for afterwards. */
function removeListed(pairs: [string, string][], own: number, listed: ReadonlySet<string>): void {
  for (let i = pairs.length - 1; i >= own; i--) if (listed.has(pairs[i]![0])) pairs.splice(i, 1);
}

function addConvention(
  pairs: [string, string][],
  exchange: Exchange,
  known: { readonly settings: HeaderSettings; readonly forwardedFor: string | null },
): void {
  const { settings, forwardedFor } = known;
  pairs.push(["x-forwarded-for", forwardedFor === null ? exchange.peer : `${forwardedFor}, ${exchange.peer}`]);
  const said = (name: string) => pairs.find((pair) => pair[0] === name)?.[1] ?? null;
  const host = said("x-forwarded-host");
  if (host === null) pairs.push(["x-forwarded-host", exchange.host]);
  const proto = said("x-forwarded-proto");
  if (said("x-forwarded-port") === null) {
    const port = proto === null ? settings.listenerPort : portOfClient(proto, host ?? exchange.host);
    pairs.push(["x-forwarded-port", port]);
  }
  if (proto === null) pairs.push(["x-forwarded-proto", settings.scheme]);
  if (said("x-real-ip") === null) pairs.push(["x-real-ip", exchange.client]);
  pairs.push(["x-request-id", exchange.requestId]);
}

/**
 * The port that the client used, by the scheme that a trusted proxy tells of: the one in its Host, or else the scheme's default.
 * sluice's own port would make an application link to it.
 */
export function portOfClient(proto: string, host: string): string {
  const colon = host.lastIndexOf(":");
  if (colon > host.lastIndexOf("]") && colon + 1 < host.length) return host.slice(colon + 1);
  return proto.toLowerCase().startsWith("https") ? "443" : "80";
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
