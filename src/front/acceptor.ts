/** A client's connection, as far as an engine uses it. */
export interface AcceptedConn extends Pick<Deno.TcpConn, "remoteAddr" | "read" | "write" | "closeWrite" | "close"> {
  /**
   * Closes it and says that nothing is missing (close_notify, RFC 8446 section 6.1). Missing where `close` does: over
   * TCP, and where the platform says so whatever is missing.
   */
  closeInOrder?(): void;
}

/** A client's connection with TLS, whose handshake is still to come. */
export interface SecureConn extends AcceptedConn {
  /** Resolves when the handshake is done; rejects if it fails. */
  handshake(): Promise<Pick<Deno.TlsHandshakeInfo, "alpnProtocol">>;
  /** Gives up a pending handshake and closes the connection. Missing where the platform can't. */
  abort?(): void;
}

/**
 * Where an engine takes clients' connections from: a TCP listener, or one with TLS whose handshakes are still to come.
 */
export interface Acceptor<C extends AcceptedConn = AcceptedConn> {
  /** Resolves with the next connection; rejects with `BadResource` once it is closed. */
  accept(): Promise<C>;
  /** Ends accepting: the system refuses connections from then on, unless another listener has the same port. */
  close(): void;
}
