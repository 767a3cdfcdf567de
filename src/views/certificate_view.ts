/** One certificate that the listener serves, for `status`, stats, metrics and the dashboard. */
export interface CertificateView {
  /** The names that it is for. */
  readonly names: readonly string[];
  /** Where it comes from: a file's path, or `ACME`. */
  readonly source: string;
  readonly issuer: string;
  /** ms since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Why the newest version of its files is not used; null if it is. */
  readonly refused: string | null;
}

/** What became of a name that ACME is to bring a certificate for. */
export interface CertificateOrderView {
  readonly name: string;
  readonly state: "waiting" | "ordering" | "issued" | "failed";
  /** This replica orders; else another one does that shares the storage. */
  readonly orderedHere: boolean;
  /** Why the last order failed, or why the storage can't be used; null if neither. */
  readonly error: string | null;
  /** ms until the next try; null if the last order did not fail. */
  readonly nextTryMs: number | null;
}

/** What is seen of TLS on the listener. */
export interface TlsView {
  readonly url: string;
  readonly certificates: readonly CertificateView[];
  /** Empty without ACME. */
  readonly orders: readonly CertificateOrderView[];
}
