import type { SecureContext } from "node:tls";
import type { CertificatePair } from "../../certificates/certificate_pair.ts";
import { ServedNames } from "../../certificates/served_names.ts";
import type { Acceptor, SecureConn } from "../acceptor.ts";
import type { PlatformSockets } from "./platform_sockets.ts";
import { SocketConn } from "./socket_conn.ts";

/**
 * Accepts connections on a TCP listener and serves each the certificate for the name that it asks for (SNI, RFC 6066
 * section 3): exact names before wildcards, and the first certificate for all else.
 */
export class NamesAcceptor implements Acceptor<SecureConn> {
  readonly #listener: Deno.TcpListener;
  readonly #sockets: PlatformSockets;
  readonly #names: ServedNames;
  readonly #contexts: readonly SecureContext[];
  readonly #protocols: readonly string[];

  /**
   * @param listen Opens the listener; not called if the platform can't serve one of the pairs, which throws: an open
   * listener from which nobody accepts would keep its share of the clients. @param pairs At least one.
   */
  constructor(
    listen: () => Deno.TcpListener,
    { pairs, protocols, sockets }: {
      readonly pairs: readonly CertificatePair[];
      readonly protocols: readonly string[];
      readonly sockets: PlatformSockets;
    },
  ) {
    this.#sockets = sockets;
    this.#protocols = protocols;
    this.#names = new ServedNames(pairs);
    this.#contexts = pairs.map((pair) => sockets.context(pair));
    this.#listener = listen();
  }

  async accept(): Promise<SecureConn> {
    while (true) {
      const conn = await this.#listener.accept();
      try {
        // A head and the body behind it would else wait for the client's acknowledgement (Nagle's algorithm).
        conn.setNoDelay(true);
        const options = { first: this.#contexts[0]!, choose: this.#choose, protocols: this.#protocols };
        return new SocketConn(this.#sockets.secure(conn, options), conn);
      } catch {
        // The client was gone before.
        close(conn);
      }
    }
  }

  close(): void {
    this.#listener.close();
  }

  readonly #choose = (name: string): SecureContext => this.#contexts[Math.max(0, this.#names.find(name))]!;
}

function close(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch {
    // The platform has closed it already.
  }
}
