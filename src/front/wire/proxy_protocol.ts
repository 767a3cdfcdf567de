import ipaddr from "ipaddr.js";
import type { Bytes } from "../../http1/bytes.ts";
import { latin1 } from "../../http1/field_lines.ts";
import { Malformed } from "../../http1/malformed.ts";

/** Longest header of version 1, with its line end (PROXY protocol, section 2.1). */
const MOST_V1_BYTES = 107;
/** Longest header of version 2 that is read: addresses and what a proxy tells beside them. */
const MOST_V2_BYTES = 16 + 4_096;
const SIGNATURE_V1 = new TextEncoder().encode("PROXY ");
const SIGNATURE_V2 = new Uint8Array([13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]);
const LF = 10;

/** What a connection's first bytes say of its client. */
export interface ProxyHeader {
  /** Where the header ends. */
  readonly end: number;
  /**
   * The client's address in its one form: IPv6 as RFC 5952 says, an IPv4-mapped one as its IPv4 address. Null if the
   * proxy speaks for itself (a health check), or does not know.
   */
  readonly address: string | null;
}

/**
 * Reads the header that a proxy puts before the first request, version 1 or 2 (the PROXY protocol of HAProxy's Willy
 * Tarreau). Returns null if more bytes are needed. Throws {@linkcode Malformed}.
 */
export function readProxyHeader(bytes: Bytes, start: number, end: number): ProxyHeader | null {
  if (begins(bytes, { start, end, with: SIGNATURE_V2 })) {
    return end - start < 16 ? null : readV2(bytes, start, end);
  }
  if (begins(bytes, { start, end, with: SIGNATURE_V1 })) return readV1(bytes, start, end);
  throw new Malformed("sent no PROXY header");
}

/** Tells whether what came so far is, or may become, a signature. */
function begins(
  bytes: Bytes,
  { start, end, with: signature }: { readonly start: number; readonly end: number; readonly with: Uint8Array },
): boolean {
  const length = Math.min(signature.length, end - start);
  for (let i = 0; i < length; i++) if (bytes[start + i] !== signature[i]) return false;
  return true;
}

/** `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443` */
function readV1(bytes: Bytes, start: number, end: number): ProxyHeader | null {
  const lineEnd = bytes.subarray(start, Math.min(end, start + MOST_V1_BYTES)).indexOf(LF);
  if (lineEnd < 0) {
    if (end - start >= MOST_V1_BYTES) throw new Malformed("sent a PROXY header without an end");
    return null;
  }
  const [, family, source, ...rest] = latin1(bytes, start, start + lineEnd - 1).split(" ");
  const header = { end: start + lineEnd + 1, address: null };
  if (bytes[start + lineEnd - 1] !== 13) throw new Malformed("sent a malformed PROXY header");
  if (family === "UNKNOWN") return header;
  const text = source ?? "";
  const valid = (family === "TCP4" && ipaddr.IPv4.isValidFourPartDecimal(text)) ||
    (family === "TCP6" && ipaddr.IPv6.isValid(text) && !text.includes("%"));
  if (!valid || rest.length !== 3) throw new Malformed("sent a malformed PROXY header");
  return { ...header, address: ipaddr.process(text).toString() };
}

function readV2(bytes: Bytes, start: number, end: number): ProxyHeader | null {
  const command = bytes[start + 12]!;
  const family = bytes[start + 13]! >> 4;
  const length = bytes[start + 14]! * 256 + bytes[start + 15]!;
  if (command >> 4 !== 2 || (command & 15) > 1) throw new Malformed("sent a malformed PROXY header");
  if (16 + length > MOST_V2_BYTES) throw new Malformed("sent a PROXY header that is too long");
  const headerEnd = start + 16 + length;
  if (end < headerEnd) return null;
  const at = start + 16;
  // LOCAL: the proxy's own connection, a health check.
  if ((command & 15) === 0) return { end: headerEnd, address: null };
  if (family === 1 && length >= 12) return { end: headerEnd, address: addressOf(bytes.subarray(at, at + 4)) };
  if (family === 2 && length >= 36) return { end: headerEnd, address: addressOf(bytes.subarray(at, at + 16)) };
  if (family === 1 || family === 2) throw new Malformed("sent a malformed PROXY header");
  return { end: headerEnd, address: null };
}

/** The address that these 4 or 16 bytes are. */
function addressOf(bytes: Bytes): string {
  const address = ipaddr.fromByteArray([...bytes]);
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress()
    ? address.toIPv4Address().toString()
    : address.toString();
}
