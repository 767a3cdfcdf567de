import type { UpstreamTransport } from "../../config/model.ts";
import type { Exchange } from "../../forwarding/exchange.ts";
import { canonicalPath, canonicalQuery, exactQuery } from "../../rules/canonical_path.ts";
import { KEPT_CHARS } from "../../state/own_text.ts";
import type { Reason } from "../../state/reason.ts";

/** A host name or address with an optional port: what a Host may be (RFC 9110 section 7.2, RFC 3986 section 3.2.2). */
const HOST = /^(?:[A-Za-z0-9._~!$&'()*+,;=-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?$/;

/** Tells whether text can stand in a Host header. */
export function isHost(text: string): boolean {
  return HOST.test(text);
}

/**
 * Methods that `fetch` would turn into capitals (Fetch Standard, "normalize a method"). Methods are case-sensitive (RFC 9110
 * section 9.1), so `get` is not `GET`, and can't be passed on as what it is.
 */
const NORMALIZED = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]);

/** Methods that `fetch` refuses, in any case. */
const REFUSED = new Set(["CONNECT", "TRACE", "TRACK"]);

/**
 * Reads a request's head into its exchange: host, canonical path, query. Returns why it is refused, or null.
 *
 * `Deno.serve` builds the URL from the Host header without looking at it (`Host: a/evil` would put `/evil` into the path),
 * and invents one where there is no Host. So Host is checked first; then everything up to the first `/` is the authority.
 *
 * @param transport What will send it: it decides how much of a query can be kept as it came.
 */
export function readRequestHead(exchange: Exchange, transport: UpstreamTransport): Reason | null {
  const { request, method } = exchange;
  // First of all: CONNECT's URL has no path.
  if (!isForwardable(method)) return "method_refused";
  const hostHeader = request.headers.get("host");
  if (hostHeader === null || !HOST.test(hostHeader)) return "bad_request";
  const { url } = request;
  const start = authorityStart(url);
  if (start < 0) return "bad_request";
  let query = url.indexOf("?", start);
  if (query === -1) query = url.length;
  const slash = url.indexOf("/", start);
  const pathStart = slash === -1 || slash > query ? query : slash;
  // In absolute form the URL's authority counts, not Host (RFC 9112 section 3.2.2).
  const host = url.slice(start, pathStart);
  if (host !== hostHeader && !HOST.test(host)) return "bad_request";
  exchange.host = host;
  exchange.longUrl = url.length > KEPT_CHARS;
  const path = canonicalPath(url.slice(pathStart, query));
  if (path === null || (isLetterH(path.charCodeAt(1)) && isUrlWithoutHost(path))) return "bad_request";
  exchange.path = path;
  // `OPTIONS *` arrives like this; it asks nothing of any path, so no rule can take it.
  if (method === "OPTIONS" && path === "/*") return "bad_request";
  if (query < url.length) {
    const raw = url.slice(query + 1);
    const kept = transport === "wire" ? exactQuery(raw) : canonicalQuery(raw);
    if (kept === null) return "bad_request";
    exchange.query = `?${kept}`;
  }
  return null;
}

function isLetterH(code: number): boolean {
  return code === 0x68 || code === 0x48;
}

/**
 * Tells whether a path stands for an absolute URL without a host (`http:///a`, `http://?q`), which RFC 9110 section 4.2.1 wants
 * refused: the platform takes all of such a URL for a path. A path that begins like that in earnest can't be told from it.
 */
function isUrlWithoutHost(path: string): boolean {
  const start = path.slice(1, 9).toLowerCase();
  const length = start.startsWith("http://") ? 7 : start === "https://" ? 8 : 0;
  return length > 0 && (path.length === length + 1 || path.charAt(length + 1) === "/");
}

/** Tells whether a method reaches a target as it came. */
function isForwardable(method: string): boolean {
  if (method === "GET" || method === "POST") return true;
  const capitals = method.toUpperCase();
  return !REFUSED.has(capitals) && (capitals === method || !NORMALIZED.has(capitals));
}

/** Where a URL's authority begins; -1 where an absolute-form request names another scheme than http or https. */
function authorityStart(url: string): number {
  if (url.startsWith("http://")) return 7;
  return url.startsWith("https://") ? 8 : -1;
}
