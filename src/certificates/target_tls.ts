/** How sluice speaks TLS to a target, and what the target's certificate must fulfil. */
export interface TargetTls {
  /** The name that sluice asks for (SNI), and that the certificate must have. */
  readonly serverName: string;
  /** PEM texts of roots that are trusted beside the platform's own. */
  readonly authorities: readonly string[];
  /** The certificate must be for `serverName`; else only its chain is checked. */
  readonly checksName: boolean;
  /** What sluice shows of itself, PEM; null for nothing. */
  readonly client: { readonly certificate: string; readonly key: string } | null;
  /** The same for connections that may be used for one another. */
  readonly id: string;
}
