/** How sluice speaks TLS to a group's `https://` targets. */
export interface TargetTlsConfig {
  /** TLS_CA: file with roots that are trusted beside the platform's own, PEM; null for none. */
  readonly authorityFile: string | null;
  /** TLS_SERVER_NAME; null for each target's own host. */
  readonly serverName: string | null;
  /** TLS_VERIFY: `full` checks chain and name, `chain` leaves the name unchecked. */
  readonly verify: "full" | "chain";
  /** TLS_CLIENT_CERT and TLS_CLIENT_KEY; null for none. */
  readonly client: { readonly certificateFile: string; readonly keyFile: string } | null;
}
