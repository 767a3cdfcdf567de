/**
 * What an upgrade request asks for, and what is wrong with it.
 *
 * Sources: RFC 9110 section 7.8 (Upgrade), RFC 6455 sections 4.1, 4.2.1 and 4.4 (the WebSocket handshake).
 */
import { listOf } from "../../http1/comma_list.ts";
import { Kind } from "../../http1/field_kind.ts";
import type { FieldLines } from "../../http1/field_lines.ts";
import { isToken } from "../../http1/tokens.ts";
import type { Unfit } from "../received_request.ts";

/**
 * - `none`: an ordinary request.
 * - `websocket`: a handshake.
 * - `ignore`: an offer that a server may pass over (RFC 9110 section 7.8); the request is served as the plain HTTP it
 *   also is.
 * - `refuse`: a client that can't go on without the other protocol; 501 `upgrade_refused` rather than a surprise.
 */
export type UpgradeKind = "none" | "websocket" | "ignore" | "refuse";

/**
 * Classifies an upgrade. `Upgrade: h2c` stands on ordinary requests of some clients (curl `--http2`, Java's
 * HttpClient), which go on in HTTP/1.1 when nothing comes of it. A WebSocket handshake is a GET (RFC 6455 section 4.1):
 * on any other method the header means nothing.
 */
export function upgradeKind(method: string, lines: FieldLines): UpgradeKind {
  if (!lines.has(Kind.Upgrade) || !listOf(lines.get("connection")).includes("upgrade")) return "none";
  const protocols = listOf(lines.get("upgrade"));
  if (protocols.length === 0) return "none";
  if (protocols.includes("websocket")) return method === "GET" ? "websocket" : "ignore";
  return protocols.every(mayBeIgnored) ? "ignore" : "refuse";
}

/** HTTP over HTTP (`h2c`, `HTTP/2.0`) and opportunistic TLS (RFC 2817) are offers, never conditions. */
function mayBeIgnored(protocol: string): boolean {
  return protocol === "h2c" || protocol.startsWith("http/") || protocol.startsWith("tls/");
}

/**
 * RFC 6455 section 4.4: say which version is spoken; RFC 9110 section 15.5.22: a 426 says in Upgrade what is wanted.
 */
const OTHER_VERSION: Unfit = {
  reason: "bad_request",
  detail: "Sec-WebSocket-Version is not 13",
  status: 426,
  own: [["Sec-WebSocket-Version", "13"], ["Connection", "upgrade"], ["Upgrade", "websocket"]],
};

/** Finds what is wrong with a client's WebSocket handshake; null if nothing is. */
export function handshakeProblem(lines: FieldLines): Unfit | null {
  const key = lines.get("sec-websocket-key");
  if (key === null) return malformed("Sec-WebSocket-Key is missing");
  if (!KEY.test(key)) return malformed("Sec-WebSocket-Key is not 16 bytes in base64");
  const version = lines.get("sec-websocket-version");
  if (version === null) return malformed("Sec-WebSocket-Version is missing");
  if (version !== "13") return OTHER_VERSION;
  const length = lines.get("content-length");
  if ((length !== null && length !== "0") || lines.has(Kind.TransferEncoding)) {
    return malformed("A WebSocket handshake can't carry a body");
  }
  const offered = lines.get("sec-websocket-protocol");
  if (offered !== null && !listOf(offered, false).every(isToken)) {
    return malformed("Sec-WebSocket-Protocol is not a list of tokens");
  }
  return null;
}

function malformed(detail: string): Unfit {
  return { reason: "bad_request", detail };
}

/** 16 bytes are 24 characters of base64, the last two of them padding. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;
