import type { Exchange } from "../forwarding/exchange.ts";
import { canonicalPath, canonicalQuery } from "../rules/canonical_path.ts";
import type { Reason } from "../state/reason.ts";

/** A host name or address with an optional port: what a Host may be (RFC 9110 section 7.2, RFC 3986 section 3.2.2). */
const HOST = /^(?:[A-Za-z0-9._~!$&'()*+,;=-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?$/;

/** Length of `http://`: Deno.serve's URLs begin with the listener's scheme. */
const HTTP_LENGTH = 7;

/**
 * Reads a request's head into its exchange: host, canonical path, query. Returns why it is refused, or null.
 *
 * `Deno.serve` builds the URL from the Host header without looking at it (`Host: a/evil` would put `/evil` into the path),
 * and invents one where there is no Host. So Host is checked first; then everything up to the first `/` is the authority.
 */
export function readRequestHead(exchange: Exchange): Reason | null {
  const { request, method } = exchange;
  // CONNECT's URL has no path, and fetch throws on all three.
  if (method === "CONNECT" || method === "TRACE" || method === "TRACK") return "method_refused";
  const hostHeader = request.headers.get("host");
  if (hostHeader === null || !HOST.test(hostHeader)) return "bad_request";
  const { url } = request;
  const start = url.charCodeAt(4) === 0x73 /* s */ ? HTTP_LENGTH + 1 : HTTP_LENGTH;
  let query = url.indexOf("?", start);
  if (query === -1) query = url.length;
  const slash = url.indexOf("/", start);
  const pathStart = slash === -1 || slash > query ? query : slash;
  // In absolute form the URL's authority counts, not Host (RFC 9112 section 3.2.2).
  const host = url.slice(start, pathStart);
  if (host !== hostHeader && !HOST.test(host)) return "bad_request";
  exchange.host = host;
  const path = canonicalPath(url.slice(pathStart, query));
  if (path === null) return "bad_request";
  exchange.path = path;
  // `OPTIONS *` arrives like this; it asks nothing of any path, so no rule can take it.
  if (method === "OPTIONS" && path === "/*") return "bad_request";
  if (query < url.length) {
    const canonical = canonicalQuery(url.slice(query + 1));
    if (canonical === null) return "bad_request";
    exchange.query = `?${canonical}`;
  }
  return null;
}
