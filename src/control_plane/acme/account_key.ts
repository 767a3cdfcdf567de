/** An external account, to which the directory binds the ACME account (RFC 8555 section 7.3.4). */
export interface ExternalAccount {
  readonly keyId: string;
  /** The MAC key in base64url, as the provider gives it. */
  readonly hmacKey: string;
}

/** The public part of an account's key, with its members in the order in which RFC 7638 hashes them. */
interface PublicJwk {
  readonly crv: string;
  readonly kty: string;
  readonly x: string;
  readonly y: string;
}

const ECDSA_P256 = { name: "ECDSA", namedCurve: "P-256" } as const;
const encoder = new TextEncoder();

/** The key of an ACME account: signs requests (JSON Web Signature, RFC 7515, ES256). */
export class AccountKey {
  readonly #key: CryptoKey;
  readonly #jwk: PublicJwk;
  /** Hash of the public key (RFC 7638), which challenges are answered with. */
  readonly thumbprint: string;

  private constructor(key: CryptoKey, jwk: PublicJwk, thumbprint: string) {
    this.#key = key;
    this.#jwk = jwk;
    this.thumbprint = thumbprint;
  }

  /** Makes a new key. */
  static async make(): Promise<AccountKey> {
    const { privateKey } = await crypto.subtle.generateKey(ECDSA_P256, true, ["sign", "verify"]);
    return await AccountKey.#of(privateKey);
  }

  /** Reads what {@linkcode exported} wrote. Throws if the text is something else. */
  static async read(text: string): Promise<AccountKey> {
    const jwk = JSON.parse(text) as JsonWebKey;
    return await AccountKey.#of(await crypto.subtle.importKey("jwk", jwk, ECDSA_P256, true, ["sign"]));
  }

  static async #of(key: CryptoKey): Promise<AccountKey> {
    const { crv = "", kty = "", x = "", y = "" } = await crypto.subtle.exportKey("jwk", key);
    const jwk = { crv, kty, x, y };
    const hash = await crypto.subtle.digest("SHA-256", encoder.encode(JSON.stringify(jwk)));
    return new AccountKey(key, jwk, base64url(new Uint8Array(hash)));
  }

  /** The private key as text (a JWK), to be kept. */
  async exported(): Promise<string> {
    return JSON.stringify(await crypto.subtle.exportKey("jwk", this.#key));
  }

  /**
   * Signs a request. `keyId` is the account's URL; null before there is one. `payload` null reads a resource
   * (POST-as-GET).
   */
  async sign(
    payload: unknown,
    { url, nonce, keyId }: { readonly url: string; readonly nonce: string; readonly keyId: string | null },
  ): Promise<string> {
    const header = { alg: "ES256", nonce, url, ...(keyId === null ? { jwk: this.#jwk } : { kid: keyId }) };
    return await signed(
      header,
      payload,
      (input) => crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, this.#key, input),
    );
  }

  /** Signs this key with an external account's, for the request that makes the account. */
  async bindTo({ keyId, hmacKey }: ExternalAccount, url: string): Promise<unknown> {
    const bytes = Uint8Array.fromBase64(hmacKey, { alphabet: "base64url" });
    const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const text = await signed(
      { alg: "HS256", kid: keyId, url },
      this.#jwk,
      (input) => crypto.subtle.sign("HMAC", key, input),
    );
    return JSON.parse(text);
  }
}

/** Encodes bytes in base64url without padding (RFC 4648 section 5). */
export function base64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

async function signed(
  header: unknown,
  payload: unknown,
  sign: (input: Uint8Array<ArrayBuffer>) => Promise<ArrayBuffer>,
): Promise<string> {
  const text = (value: unknown) => base64url(encoder.encode(JSON.stringify(value)));
  const parts = { protected: text(header), payload: payload === null ? "" : text(payload) };
  const signature = await sign(encoder.encode(`${parts.protected}.${parts.payload}`));
  return JSON.stringify({ ...parts, signature: base64url(new Uint8Array(signature)) });
}
