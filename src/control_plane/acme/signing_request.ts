import type { Bytes } from "../../http1/bytes.ts";
import { der, objectIdentifier, TAG } from "./der.ts";

const ECDSA_P256 = { name: "ECDSA", namedCurve: "P-256" } as const;
const encoder = new TextEncoder();

/** A certificate signing request (PKCS #10, RFC 2986) and the private key that it was signed with. */
export interface SigningRequest {
  /** DER. */
  readonly request: Bytes;
  /** PEM, PKCS #8. */
  readonly key: string;
}

/** Makes a fresh key (ECDSA on P-256) and a request for a certificate with these DNS names, at least one. */
export async function makeSigningRequest(names: readonly string[]): Promise<SigningRequest> {
  const { publicKey, privateKey } = await crypto.subtle.generateKey(ECDSA_P256, true, ["sign", "verify"]);
  const info = der(
    TAG.sequence,
    der(TAG.integer, Uint8Array.of(0)),
    // Only the extension has the names (RFC 8555 section 7.4): a common name holds at most 64 characters.
    der(TAG.sequence),
    new Uint8Array(await crypto.subtle.exportKey("spki", publicKey)),
    der(CONTEXT | 0, attribute(names)),
  );
  const signature = new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, info));
  const request = der(
    TAG.sequence,
    info,
    der(TAG.sequence, objectIdentifier("1.2.840.10045.4.3.2")), // ecdsa-with-SHA256
    der(TAG.bitString, Uint8Array.of(0), signatureOf(signature)),
  );
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey));
  return { request, key: pem("PRIVATE KEY", pkcs8) };
}

/** Writes bytes as a PEM block (RFC 7468). */
function pem(label: string, bytes: Uint8Array): string {
  const lines = bytes.toBase64().match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** Context-specific, constructed. */
const CONTEXT = 0xa0;
/** A dNSName in a list of general names: context-specific 2 (RFC 5280 section 4.2.1.6). */
const DNS_NAME = 0x82;

/** The attribute extensionRequest (RFC 2985 section 5.4.2) with one extension, subjectAltName. */
function attribute(names: readonly string[]): Bytes {
  const list = der(TAG.sequence, ...names.map((name) => der(DNS_NAME, encoder.encode(name))));
  const extension = der(TAG.sequence, objectIdentifier("2.5.29.17"), der(TAG.octetString, list));
  const extensions = der(TAG.sequence, extension);
  return der(TAG.sequence, objectIdentifier("1.2.840.113549.1.9.14"), der(TAG.set, extensions));
}

/** The DER form of a signature that WebCrypto gives as two numbers of equal length. */
function signatureOf(raw: Uint8Array): Bytes {
  const half = raw.length / 2;
  return der(TAG.sequence, unsigned(raw.subarray(0, half)), unsigned(raw.subarray(half)));
}

function unsigned(bytes: Uint8Array): Bytes {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const digits = bytes.subarray(start);
  return der(TAG.integer, ...(digits[0]! & 0x80 ? [Uint8Array.of(0)] : []), digits);
}
