/**
 * Where an engine takes clients' connections from: a TCP listener, or one with TLS whose handshakes are still to come.
 */
export interface Acceptor<C extends Deno.Conn = Deno.Conn> {
  /** Resolves with the next connection; rejects with `BadResource` once it is closed. */
  accept(): Promise<C>;
  /** Ends accepting: the system refuses connections from then on, unless another listener has the same port. */
  close(): void;
}
