import type { UpstreamTransport } from "../../config/model.ts";
import type { ReceivedRequest } from "../../front/received_request.ts";
import { isHost } from "../../http1/request_head.ts";
import { canonicalPath, canonicalQuery, exactQuery } from "../../rules/canonical_path.ts";
import { KEPT_CHARS } from "../../state/own_text.ts";
import type { Reason } from "../../state/reason.ts";
import type { Received } from "./exchange.ts";

/** Methods that are not passed on: a tunnel to anywhere, and an echo of what the client sent, cookies included. */
const REFUSED = new Set(["CONNECT", "TRACE", "TRACK"]);

/**
 * Reads what a request asks for into `asked`: host, canonical path, query. Returns why it is refused, or null.
 *
 * In absolute form the URL's authority counts, not Host (RFC 9112 section 3.2.2).
 *
 * @param transport What will send it: it decides how much of a query can be kept as it came.
 */
export function checkRequest(
  asked: Received,
  received: ReceivedRequest,
  transport: UpstreamTransport,
): Reason | null {
  const { method, target, malformed } = received;
  if (method !== "GET" && REFUSED.has(method.toUpperCase())) return "method_refused";
  if (malformed !== null) return malformed;
  asked.host = received.host ?? "";
  asked.longUrl = target.length > KEPT_CHARS;
  if (target === "*") {
    // It asks of the server itself (RFC 9110 section 9.3.7).
    asked.path = "*";
    return method === "OPTIONS" ? null : "bad_request";
  }
  let pathStart = 0;
  if (target.charCodeAt(0) !== SLASH) {
    const authority = authorityStart(target);
    if (authority < 0) return "bad_request";
    pathStart = endOfAuthority(target, authority);
    const host = target.slice(authority, pathStart);
    if (host !== asked.host && !isHost(host)) return "bad_request";
    asked.host = host;
  }
  let query = target.indexOf("?", pathStart);
  if (query < 0) query = target.length;
  const path = canonicalPath(pathStart === 0 && query === target.length ? target : target.slice(pathStart, query));
  if (path === null) return "bad_request";
  asked.path = path;
  if (query < target.length) {
    const raw = target.slice(query + 1);
    const kept = transport === "wire" ? exactQuery(raw) : canonicalQuery(raw);
    if (kept === null) return "bad_request";
    asked.query = `?${kept}`;
  }
  return null;
}

const SLASH = 47;

/** Where an absolute URL's authority begins; -1 if it names another scheme than http or https. */
function authorityStart(target: string): number {
  if (target.startsWith("http://")) return 7;
  const scheme = target.slice(0, 8).toLowerCase();
  return scheme.startsWith("http://") ? 7 : scheme === "https://" ? 8 : -1;
}

/** Where the path begins, or the query if there is no path. */
function endOfAuthority(target: string, start: number): number {
  const slash = target.indexOf("/", start);
  const query = target.indexOf("?", start);
  if (slash >= 0 && (query < 0 || slash < query)) return slash;
  return query < 0 ? target.length : query;
}
