import type { Certificate } from "./certificate.ts";

/** The connection below TLS: it can end without TLS's own goodbye, and say what is no TLS. */
export interface BelowTls {
  cut(): void;
  say(text: string): Promise<number>;
}

/** What an `https://` target does with a request. */
export type TlsScript = (connection: Deno.TlsConn, below: BelowTls) => Promise<unknown> | void;

/** An `https://` target that reads each request's head and then does as its script says. */
export class CutTlsTarget implements AsyncDisposable {
  script: TlsScript = (_connection, { cut }) => cut();
  /** Requests that reached it. */
  requests = 0;
  readonly port: number;
  readonly #tls: Deno.TlsListener;
  readonly #tcp: Deno.TcpListener;
  readonly #running: Promise<void>[] = [];
  readonly #open = new Set<Deno.Conn>();

  constructor({ cert, key }: Certificate) {
    this.#tls = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key, alpnProtocols: ["http/1.1"] });
    // TLS ends behind this one, which can end the connection without a word of TLS.
    this.#tcp = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#tcp.addr.port;
    this.#running.push(this.#accept());
  }

  async #accept(): Promise<void> {
    for await (const client of this.#tcp) {
      const accepting = this.#tls.accept();
      const inner = await Deno.connect({ hostname: "127.0.0.1", port: this.#tls.addr.port });
      const secured = await accepting;
      for (const each of [client, inner, secured]) this.#open.add(each);
      this.#running.push(
        client.readable.pipeTo(inner.writable).catch(() => {}),
        inner.readable.pipeTo(client.writable).catch(() => {}),
        this.#serve(secured, client),
      );
    }
  }

  async #serve(secured: Deno.TlsConn, client: Deno.Conn): Promise<void> {
    try {
      if (await secured.read(new Uint8Array(65_536)) === null) return;
      this.requests++;
      await this.script(secured, {
        cut: () => this.#close(client),
        say: (text) => client.write(new TextEncoder().encode(text)),
      });
    } catch {
      // The client's end of it is what the test is about.
    }
  }

  #close(connection: Deno.Conn): void {
    if (!this.#open.delete(connection)) return;
    try {
      connection.close();
    } catch {
      // Closed with its streams.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#tcp.close();
    this.#tls.close();
    for (const each of [...this.#open]) this.#close(each);
    await Promise.all(this.#running);
  }
}
