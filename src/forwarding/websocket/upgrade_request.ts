/**
 * Decides what an upgrade request asks for, and which of its headers go to the target. Pure.
 *
 * Sources: RFC 9110 section 7.8 (Upgrade), RFC 6455 sections 4.1, 4.2.1 and 4.4 (the WebSocket handshake).
 */

import { isHopByHop } from "../../http1/hop_by_hop.ts";
import { isToken } from "../../http1/tokens.ts";

/**
 * - `none`: an ordinary request.
 * - `websocket`: goes through `forwardUpgrade`.
 * - `ignore`: an offer that a server may ignore (RFC 9110 section 7.8); the request is served as plain HTTP.
 * - `refuse`: a protocol that the client needs; sluice responds 501 `upgrade_refused`.
 */
export type UpgradeKind = "none" | "websocket" | "ignore" | "refuse";

/** Tells whether a request asks to leave HTTP/1.1: it has an `Upgrade`, and its `Connection` lists `upgrade`. */
export function isUpgrade(headers: Headers): boolean {
  const upgrade = headers.get("upgrade");
  return upgrade !== null && upgrade !== "" && listHas(headers.get("connection"), "upgrade");
}

/**
 * Classifies an upgrade. Some clients (curl `--http2`, Java's HttpClient) send `Upgrade: h2c` with ordinary requests,
 * and continue in HTTP/1.1 if the server ignores it. A WebSocket handshake is a GET (RFC 6455 section 4.1): on any
 * other method the header means nothing.
 */
export function upgradeKind(method: string, headers: Headers): UpgradeKind {
  if (!isUpgrade(headers)) return "none";
  const protocols = listOf(headers.get("upgrade"));
  if (protocols.includes("websocket")) return method === "GET" ? "websocket" : "ignore";
  return protocols.every(mayBeIgnored) ? "ignore" : "refuse";
}

/** HTTP over HTTP (`h2c`, `HTTP/2.0`) and opportunistic TLS (RFC 2817) are offers, never conditions. */
function mayBeIgnored(protocol: string): boolean {
  return protocol === "h2c" || protocol.startsWith("http/") || protocol.startsWith("tls/");
}

/** What is wrong with a client's handshake, and the status of the response. */
export interface HandshakeProblem {
  readonly status: 400 | 426;
  readonly detail: string;
}

/** Finds what is wrong with a client's WebSocket handshake; null if nothing is. */
export function handshakeProblem(headers: Headers): HandshakeProblem | null {
  const key = headers.get("sec-websocket-key");
  if (key === null) return { status: 400, detail: "Sec-WebSocket-Key is missing" };
  if (!isSixteenBytes(key)) return { status: 400, detail: "Sec-WebSocket-Key is not 16 bytes in base64" };
  const version = headers.get("sec-websocket-version");
  if (version === null) return { status: 400, detail: "Sec-WebSocket-Version is missing" };
  if (version !== "13") return { status: 426, detail: "Sec-WebSocket-Version is not 13" };
  const length = headers.get("content-length");
  if ((length !== null && length !== "0") || headers.has("transfer-encoding")) {
    return { status: 400, detail: "A WebSocket handshake can't carry a body" };
  }
  const offered = headers.get("sec-websocket-protocol");
  if (offered !== null && !listOf(offered, false).every(isToken)) {
    return { status: 400, detail: "Sec-WebSocket-Protocol is not a list of tokens" };
  }
  return null;
}

/** 16 bytes are 24 characters of base64, the last two of them padding. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

function isSixteenBytes(key: string): boolean {
  return KEY.test(key);
}

/**
 * Headers that are not copied from the client's handshake: each leg has its own key and version. Extensions are agreed
 * hop by hop, and the listener's WebSocket supports none (no permessage-deflate), so none is offered.
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

/** Builds the headers of the target's handshake: names in their first spelling, repeated ones as several lines. */
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
  // node:http needs a plain string if there is one value (`Host`).
  const lines = [...byName.values()].map(({ written, values }) => [written, values.length === 1 ? values[0]! : values]);
  return Object.fromEntries(lines);
}

/** Headers of a target's 101 that the client does not get, beside hop-by-hop ones: they concern the target's leg. */
const NOT_TOLD = new Set(["sec-websocket-accept", "sec-websocket-extensions", "content-length", "date"]);

/** Picks the headers of a target's 101 for the client (`Set-Cookie`, the chosen subprotocol, its own headers). */
export function toldOfHandshake(rawHeaders: readonly string[]): [string, string][] {
  return pairsOf(rawHeaders).filter(([name]) => {
    const key = name.toLowerCase();
    return !isHopByHop(key) && !NOT_TOLD.has(key);
  });
}

/** Turns node:http's flat `rawHeaders` into pairs. */
export function pairsOf(rawHeaders: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) pairs.push([rawHeaders[i]!, rawHeaders[i + 1]!]);
  return pairs;
}

/** Splits a comma-separated header into its members. */
export function listOf(value: string | null, lowerCase = true): string[] {
  if (value === null) return [];
  const members = value.split(",").map((member) => member.trim()).filter((member) => member !== "");
  return lowerCase ? members.map((member) => member.toLowerCase()) : members;
}

function listHas(value: string | null, wanted: string): boolean {
  return listOf(value).includes(wanted);
}
