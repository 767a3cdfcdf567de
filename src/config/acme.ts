/** How certificates are ordered by ACME (RFC 8555); `null` in the configuration without ACME_ENABLE. */
export interface AcmeConfig {
  /** URL of the directory. */
  readonly directory: string;
  /** ACME_CA: file with the root of a private directory, PEM; null for the platform's own roots. */
  readonly authorityFile: string | null;
  /** ACME_EMAIL; null for none. */
  readonly email: string | null;
  /** ACME_EAB_KID and ACME_EAB_HMAC; null for none. */
  readonly external: { readonly keyId: string; readonly hmacKey: string } | null;
  /** The names of each certificate: one each or, with an engine that serves one certificate, all in one. */
  readonly certificates: readonly (readonly string[])[];
  /** ACME_STORAGE: a folder. */
  readonly storage: string;
}
