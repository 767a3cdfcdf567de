import { TextLines } from "../../http1/field_lines.ts";
import { isHopByHop } from "../../http1/hop_by_hop.ts";

/**
 * Headers that are not copied from the client's handshake: each leg has a key and a version of its own. Extensions are
 * agreed between two neighbours, and the listener's WebSocket has none to agree on (no permessage-deflate), so none is
 * offered.
 */
const OWN_TO_A_LEG = new Set([
  "connection",
  "upgrade",
  "sec-websocket-key",
  "sec-websocket-version",
  "sec-websocket-extensions",
  "sec-websocket-accept",
  "content-length",
  "transfer-encoding",
]);

/** Builds the headers of the target's handshake: names as they were first written, repeated ones as several lines. */
export function targetHandshakeHeaders(
  headers: readonly (readonly [string, string])[],
): Record<string, string | string[]> {
  const byName = new Map<string, { written: string; values: string[] }>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (OWN_TO_A_LEG.has(key)) continue;
    const same = byName.get(key);
    if (same === undefined) byName.set(key, { written: name, values: [value] });
    else same.values.push(value);
  }
  // node:http wants a plain string where there is one value (`Host`).
  const lines = [...byName.values()].map(({ written, values }) => [written, values.length === 1 ? values[0]! : values]);
  return Object.fromEntries(lines);
}

/** Headers of a target's 101 that the client is not told, beside hop-by-hop ones: they belong to the target's leg. */
const NOT_TOLD = new Set(["sec-websocket-accept", "sec-websocket-extensions", "content-length", "date"]);

/** Picks what the client is told of a target's 101 (`Set-Cookie`, the chosen subprotocol, its own headers). */
export function toldOfHandshake(rawHeaders: readonly string[]): TextLines {
  return linesOf(rawHeaders, (name) => !isHopByHop(name) && !NOT_TOLD.has(name));
}

/** Takes lines out of the flat list that node:http gives (`rawHeaders`). */
export function linesOf(rawHeaders: readonly string[], wanted: (name: string) => boolean = () => true): TextLines {
  const lines = new TextLines();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    if (wanted(name)) lines.add(name, rawHeaders[i + 1]!);
  }
  return lines;
}
