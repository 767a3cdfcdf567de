/** What a certificate says (RFC 5280 section 4.1), read from its bytes: Deno 2.4.2 tells none of it. */
import { Buffer } from "node:buffer";

/** What {@linkcode readDer} reads of a certificate. */
export interface DerFacts {
  /** Only a certificate of version 1 names no version. */
  readonly namesVersion: boolean;
  /** Its public key as the structure SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** The DNS names in its list of names (subjectAltName); null if it has no such list. */
  readonly dnsNames: readonly string[] | null;
}

/** Tags of DER (X.690 section 8.1.2) and of a certificate's optional parts. */
const OCTET_STRING = 0x04;
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
const DNS_NAME = 0x82;
/** The object identifier of subjectAltName, 2.5.29.17. */
const ALTERNATIVE_NAMES = "55 1d 11";
/** Fields between the version and the public key: serial number, algorithm, issuer, validity, subject. */
const BEFORE_KEY = 5;

interface Element {
  readonly tag: number;
  /** Tag, length and content. */
  readonly whole: Uint8Array;
  readonly content: Uint8Array;
}

/** Reads one PEM block CERTIFICATE, of which the platform has found that it is a certificate. */
export function readDer(block: string): DerFacts {
  const der = Uint8Array.from(Buffer.from(block.replace(/-----[^-]*-----/g, ""), "base64"));
  const signed = elementsOf(elementsOf(elementsOf(der)[0]!.content)[0]!.content);
  const namesVersion = signed[0]!.tag === VERSION;
  return {
    namesVersion,
    publicKey: signed[BEFORE_KEY + (namesVersion ? 1 : 0)]!.whole,
    dnsNames: dnsNamesOf(signed.find(({ tag }) => tag === EXTENSIONS)),
  };
}

function dnsNamesOf(extensions: Element | undefined): string[] | null {
  if (extensions === undefined) return null;
  for (const extension of elementsOf(elementsOf(extensions.content)[0]!.content)) {
    const [id, ...rest] = elementsOf(extension.content);
    if (hexOf(id!.content) !== ALTERNATIVE_NAMES) continue;
    const list = rest.find(({ tag }) => tag === OCTET_STRING)!;
    const names = elementsOf(elementsOf(list.content)[0]!.content);
    return names.filter(({ tag }) => tag === DNS_NAME).map(({ content }) => String.fromCharCode(...content));
  }
  return null;
}

/** The elements that stand in `bytes` one behind another. */
function elementsOf(bytes: Uint8Array): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at + 1 < bytes.length;) {
    let start = at + 2;
    let length = bytes[at + 1]!;
    if (length > 0x80) {
      // A length above 127 is written in as many bytes as the low bits say.
      const digits = bytes.subarray(start, start += length & 0x7f);
      length = digits.reduce((sum, digit) => sum * 256 + digit, 0);
    }
    const end = start + length;
    elements.push({ tag: bytes[at]!, whole: bytes.subarray(at, end), content: bytes.subarray(start, end) });
    at = end;
  }
  return elements;
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
