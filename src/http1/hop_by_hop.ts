/**
 * Headers that concern one connection and are never passed on (RFC 9110 section 7.6.1), beside those that `Connection`
 * lists. `te: trailers` is passed on by the caller, as that section allows.
 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
]);

/** Tells whether a header, in lower case, never crosses a proxy. */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name);
}

/**
 * Parses the names that a `Connection` header lists, in lower case; null where it lists none beside `close` and
 * `keep-alive`, which is nearly always (no allocation then).
 */
export function connectionOptions(value: string | null): Set<string> | null {
  if (value === null || value === "keep-alive" || value === "close" || value === "Keep-Alive") return null;
  const names = value.split(",").map((name) => name.trim().toLowerCase()).filter((name) => name !== "");
  // A message's framing and routing headers are not removed, even if it lists them.
  return new Set(names.filter((name) => name !== "host" && name !== "content-length"));
}
