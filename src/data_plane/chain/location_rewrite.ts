import type { Received } from "./exchange.ts";
import type { HeaderSettings } from "../../forwarding/headers/header_settings.ts";
import { clientPath } from "../../rules/rewrite.ts";
import { hostPort, type TargetSnapshot } from "../../state/group_snapshot.ts";
import { isHost } from "../../http1/request_head.ts";

/** Where a client reached sluice, as the client knows it. */
export interface ClientOrigin {
  readonly scheme: "http" | "https";
  /** With its port if the client named one; empty if the client named no host. */
  readonly host: string;
}

/**
 * Finds the address that the client used: the request's own host, and the listener's scheme. A peer in TRUSTED_PROXIES
 * may say otherwise in X-Forwarded-Proto and X-Forwarded-Host; other peers can't. A list in X-Forwarded-Host is
 * ignored: a proxy that appends to it leaves what its client made up in front.
 */
export function clientOrigin(
  received: Pick<Received, "peer" | "host" | "header">,
  { scheme, trusted }: HeaderSettings,
): ClientOrigin {
  const { peer, host } = received;
  if (!trusted.trusts(peer)) return { scheme, host };
  const proto = received.header("x-forwarded-proto")?.split(",").at(0)?.trim().toLowerCase();
  const forwardedHost = received.header("x-forwarded-host");
  return {
    scheme: proto === "http" || proto === "https" ? proto : scheme,
    host: forwardedHost !== null && isHost(forwardedHost) ? forwardedHost : host,
  };
}

/** What a response's addresses are translated by. */
export interface LocationContext {
  readonly origin: ClientOrigin;
  readonly target: TargetSnapshot;
  /** The rule's rewrite. */
  readonly rewrite: string;
  /** The canonical path that the client asked for. */
  readonly path: string;
}

/** Scheme, authority, path, and query with fragment of an address that names a host. */
const WITH_HOST = /^(https?:)?\/\/([^/?#]*)([^?#]*)(.*)$/is;
/**
 * What stands before the address of a Refresh, its quote, and the rest (WHATWG HTML, "shared declarative refresh
 * steps").
 */
const REFRESH = /^([\d.\s]*[;,]?\s*(?:url\s*=\s*)?)(["']?)(.*)$/is;

/** A Refresh whose address is the client's; null if it names another one than the target's. */
export function clientRefresh(value: string, context: LocationContext): string | null {
  const [, before, quote, rest] = REFRESH.exec(value)!;
  const end = quote === "" ? -1 : rest!.indexOf(quote!);
  const url = end < 0 ? rest! : rest!.slice(0, end);
  const translated = clientUrl(url, context);
  return translated === null ? null : before! + quote + translated + rest!.slice(url.length);
}

/**
 * The client's address of something at the target; null if `url` does not name the target's scheme, host and port. A
 * target that was told the client's scheme (X-Forwarded-Proto) uses that one for its own address too.
 */
export function clientUrl(url: string, { origin, target, rewrite, path }: LocationContext): string | null {
  const parts = WITH_HOST.exec(url);
  if (parts === null) return null;
  const [, scheme = "", authority, targetPath, tail] = parts;
  const named = scheme.toLowerCase();
  if (named !== "" && named !== `${target.scheme}:` && named !== `${origin.scheme}:`) return null;
  if (!namesTarget(authority!.toLowerCase(), target)) return null;
  const where = clientPath(targetPath === "" ? "/" : targetPath!, { asked: path, rewrite, base: target.base });
  if (origin.host === "") return where + tail;
  return `${scheme === "" ? "" : `${origin.scheme}:`}//${origin.host}${where}${tail}`;
}

/**
 * Tells whether an authority is the target's: by its configured name or its address, and on loopback also `localhost`.
 * The port may be left out if it is the default of the target's scheme.
 */
function namesTarget(authority: string, { scheme, host, address, port }: TargetSnapshot): boolean {
  const portIsDefault = port === (scheme === "https" ? 443 : 80);
  const loopback = address.startsWith("127.") || address === "::1";
  return [host, address, loopback ? "localhost" : host].some((name) => {
    const whole = hostPort(name, port);
    return authority === whole || (portIsDefault && authority === whole.slice(0, whole.lastIndexOf(":")));
  });
}
