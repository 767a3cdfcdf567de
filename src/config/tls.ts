/** What the listener does with TLS; `null` in the configuration if LISTENER_TLS_PORT is unset. */
export interface TlsConfig {
  /** 0 takes a free port. */
  readonly port: number;
  /** At least one, unless certificates come from ACME. The first is served for names that no certificate has. */
  readonly certificates: readonly CertificateFiles[];
  /** LISTENER_HTTP2: offer HTTP/2 to clients (ALPN, RFC 7301). */
  readonly http2: boolean;
  /** LISTENER_TLS_HANDSHAKE_TIMEOUT, ms; 0 never. */
  readonly handshakeTimeoutMs: number;
  /** LISTENER_HTTPS_REDIRECT: the plain port sends every client to the TLS port. */
  readonly redirects: boolean;
  /** LISTENER_HTTPS_REDIRECT_PORT: the port that clients are sent to; null for the TLS port itself. */
  readonly redirectPort: number | null;
}

/** Where a certificate and its key are. */
export interface CertificateFiles {
  /** The variables that name the certificate and the key, for messages. */
  readonly variable: string;
  readonly keyVariable: string;
  /** Paths of PEM files. */
  readonly certificate: string;
  readonly key: string;
}
