import type { MadeCertificate } from "./certificates.ts";

/** An HTTPS target: responds to each request with the name that it was asked for, and counts. */
export class TlsTarget implements AsyncDisposable {
  requests = 0;
  connections = 0;
  readonly port: number;
  readonly #listener: Deno.TlsListener;
  readonly #open = new Set<Deno.Conn>();
  readonly #running: Promise<void>;

  constructor({ certificate, key }: Pick<MadeCertificate, "certificate" | "key">) {
    this.#listener = Deno.listenTls({
      hostname: "127.0.0.1",
      port: 0,
      cert: certificate,
      key,
      alpnProtocols: ["http/1.1"],
    });
    this.port = this.#listener.addr.port;
    this.#running = this.#accept();
  }

  /** `https://127.0.0.1:PORT`, or another host of this machine. */
  address(host = "127.0.0.1"): string {
    return `https://${host}:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#open) close(conn);
    await this.#running;
  }

  async #accept(): Promise<void> {
    const serving: Promise<void>[] = [];
    for (;;) {
      try {
        serving.push(this.#serve(await this.#listener.accept()));
      } catch (error) {
        if (error instanceof Deno.errors.BadResource) break;
      }
    }
    await Promise.all(serving);
  }

  async #serve(conn: Deno.TlsConn): Promise<void> {
    this.#open.add(conn);
    try {
      await conn.handshake();
      this.connections++;
      const place = new Uint8Array(65_536);
      let text = "";
      for (;;) {
        const count = await conn.read(place);
        if (count === null) break;
        text += new TextDecoder().decode(place.subarray(0, count));
        while (text.includes("\r\n\r\n")) {
          text = text.slice(text.indexOf("\r\n\r\n") + 4);
          this.requests++;
          await conn.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecure"));
        }
      }
    } catch {
      // The client refused the certificate, or left.
    }
    this.#open.delete(conn);
    close(conn);
  }
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // Closed already.
  }
}
