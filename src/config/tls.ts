/** What the listener does with TLS; `null` in the configuration if LISTENER_TLS_PORT is unset. */
export interface TlsConfig {
  /** 0 takes a free port. */
  readonly port: number;
  /** At least one, unless certificates come from ACME. The first is served for names that no certificate has. */
  readonly certificates: readonly CertificateFiles[];
  /** LISTENER_TLS_HANDSHAKE_TIMEOUT, ms; 0 never. */
  readonly handshakeTimeoutMs: number;
}

/** Where a certificate and its key are. */
export interface CertificateFiles {
  /** The variable that names the certificate, for messages. */
  readonly variable: string;
  /** Paths of PEM files. */
  readonly certificate: string;
  readonly key: string;
}
