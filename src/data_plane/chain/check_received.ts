import type { ReceivedRequest } from "../../front/received_request.ts";
import type { Exchange } from "../../forwarding/exchange.ts";
import { isHost } from "../../http1/request_head.ts";
import { canonicalPath, exactQuery } from "../../rules/canonical_path.ts";
import type { Reason } from "../../state/reason.ts";

/** Methods that are not passed on: a tunnel to anywhere, and an echo of what the client sent, cookies included. */
const REFUSED = new Set(["CONNECT", "TRACE", "TRACK"]);

/**
 * Reads what a request asks for into its exchange: host, canonical path, query. Returns why it is refused, or null.
 *
 * In absolute form the URL's authority counts, not Host (RFC 9112 section 3.2.2).
 */
export function checkReceived(exchange: Exchange, received: ReceivedRequest): Reason | null {
  const { method, target } = received;
  if (REFUSED.has(method.toUpperCase())) return "method_refused";
  exchange.host = received.host ?? "";
  if (target === "*") {
    // It asks of the server itself (RFC 9110 section 9.3.7).
    exchange.path = "*";
    return method === "OPTIONS" ? null : "bad_request";
  }
  let pathStart = 0;
  if (target.charCodeAt(0) !== SLASH) {
    const authority = authorityStart(target);
    if (authority < 0) return "bad_request";
    pathStart = endOfAuthority(target, authority);
    const host = target.slice(authority, pathStart);
    if (host === "" || !isHost(host)) return "bad_request";
    exchange.host = host;
  }
  let query = target.indexOf("?", pathStart);
  if (query < 0) query = target.length;
  const path = canonicalPath(pathStart === 0 && query === target.length ? target : target.slice(pathStart, query));
  if (path === null) return "bad_request";
  exchange.path = path;
  if (query < target.length) {
    const kept = exactQuery(target.slice(query + 1));
    if (kept === null) return "bad_request";
    exchange.query = `?${kept}`;
  }
  return null;
}

const SLASH = 47;

/** Where an absolute URL's authority begins; -1 if it names another scheme than http or https. */
function authorityStart(target: string): number {
  const scheme = target.slice(0, 8).toLowerCase();
  if (scheme.startsWith("http://")) return 7;
  return scheme === "https://" ? 8 : -1;
}

function endOfAuthority(target: string, start: number): number {
  for (let at = start; at < target.length; at++) {
    const code = target.charCodeAt(at);
    if (code === SLASH || code === 63) return at;
  }
  return target.length;
}
