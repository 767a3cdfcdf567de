/** Methods that may be sent twice: those of RFC 9110 section 9.2.2, and WebDAV's safe ones. */
const IDEMPOTENT: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "OPTIONS",
  "TRACE",
  "PUT",
  "DELETE",
  "PROPFIND",
  "REPORT",
  "SEARCH",
]);

/**
 * Tells whether sending a request of this method twice does no more than sending it once. Methods are case-sensitive.
 */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}
