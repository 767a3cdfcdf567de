import type { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { readDer } from "./certificate_der.ts";

/** A certificate with its private key, as they are served: texts for the platform, facts for people. */
export interface CertificatePair {
  /** PEM: the certificate, and behind it those that lead to a root. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  /** DNS names that the certificate is for, in lower case; `*.example.com` is one for a single label. */
  readonly names: readonly string[];
  /** When it begins and ends to be valid, ms since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly issuer: string;
  /** SHA-256 of the certificate, in hexadecimal digits: tells one from another. */
  readonly fingerprint: string;
}

/** Why two texts are no pair that can be served. The message says which of them is wrong, and how. */
export class BadPair extends Error {
  /** Which of the texts is wrong. */
  readonly of: "certificate" | "key";

  constructor(of: "certificate" | "key", message: string) {
    super(message);
    this.of = of;
  }
}

/** Curves of keys that the platform's TLS (rustls) can sign with; Deno 2.4.2 has other names for them. */
const CURVES = ["prime256v1", "secp384r1", "p256", "p384"];

/**
 * Reads a certificate and its key. Throws `BadPair` if one of the texts is something else, or if they do not belong
 * together. Does not check dates.
 */
export function readPair(certificate: string, key: string): CertificatePair {
  const chain = blocksOf(certificate);
  const leaf = chainOf(certificate)[0]!;
  const { namesVersion, publicKey, dnsNames } = readDer(chain[0]!);
  // Those have no extensions, and rustls refuses them.
  if (!namesVersion) {
    throw new BadPair("certificate", "The certificate has version 1 of X.509, and TLS needs version 3");
  }
  const keyBlock = keyBlockOf(key);
  const privateKey = readKey(keyBlock);
  checkKey(privateKey);
  if (!publicKeyOf(privateKey).equals(publicKey)) {
    throw new BadPair("key", "The key does not belong to the certificate");
  }
  return {
    certificate: `${chain.join("\n")}\n`,
    key: `${keyBlock}\n`,
    names: namesOf(dnsNames, leaf.subject),
    notBeforeMs: Date.parse(leaf.validFrom),
    notAfterMs: Date.parse(leaf.validTo),
    issuer: leaf.issuer.replaceAll("\n", ", "),
    fingerprint: leaf.fingerprint256.replaceAll(":", "").toLowerCase(),
  };
}

/** Reads every certificate of a PEM text. Throws `BadPair` if there is none, or if one can't be read. */
export function chainOf(text: string): X509Certificate[] {
  const blocks = blocksOf(text);
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch {
      throw new BadPair("certificate", `PEM block ${index + 1} is not a certificate`);
    }
  });
}

function blocksOf(text: string): string[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new BadPair("certificate", "There is no PEM block CERTIFICATE in it");
  return blocks;
}

/** Returns the first private key of a text, which may also hold certificates and parameters. */
function keyBlockOf(text: string): string {
  const block = /-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----[^-]*-----END \1-----/.exec(text)?.[0];
  if (block !== undefined) return block;
  const encrypted = text.includes("ENCRYPTED PRIVATE KEY");
  throw new BadPair(
    "key",
    encrypted ? "The key is encrypted, and sluice asks for no password" : "There is no PEM block PRIVATE KEY in it",
  );
}

function readKey(block: string): KeyObject {
  try {
    return createPrivateKey(block);
  } catch {
    throw new BadPair("key", "The PEM block PRIVATE KEY is not a key");
  }
}

function checkKey({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): void {
  if (asymmetricKeyType === "ed25519") return;
  if (asymmetricKeyType === "rsa") {
    const bits = asymmetricKeyDetails?.modulusLength ?? 0;
    if (bits >= 2048 && bits <= 8192) return;
    throw new BadPair("key", `An RSA key must have 2048 to 8192 bits, and this one has ${bits}`);
  }
  const curve = asymmetricKeyDetails?.namedCurve ?? "";
  if (asymmetricKeyType === "ec" && CURVES.includes(curve)) return;
  throw new BadPair(
    "key",
    `A key must be RSA, Ed25519, or ECDSA on P-256 or P-384, and this one is ${asymmetricKeyType} ${curve}`.trim(),
  );
}

function publicKeyOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: "spki", format: "der" });
}

/** The DNS names of a certificate; if it has no list of names, its common name (RFC 6125 section 6.4.4). */
function namesOf(dnsNames: readonly string[] | null, subject: string): string[] {
  const common = /(?:^|\n)CN=([^\n]*)/.exec(subject)?.[1];
  const names = dnsNames ?? (common === undefined ? [] : [common]);
  return [...new Set(names.map((name) => name.toLowerCase()))];
}
