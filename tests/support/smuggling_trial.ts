import net from "node:net";
import { HIDDEN, type SmugglingForm } from "./smuggling_forms.ts";
import { targetsFoundIn } from "./lenient_readers.ts";
import { RawSocket } from "./raw_socket.ts";

/**
 * What became of a form: refused; passed on in one meaning; or read by some reader behind the proxy as the hidden
 * request.
 */
export type Fate = "refused" | "passed" | "second meaning";

/** A target that takes everything, and answers each connection's first head alone. */
export class TakingTarget implements AsyncDisposable {
  /** What came, by connection. */
  readonly texts: string[] = [];
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();

  private constructor(server: net.Server) {
    this.#server = server;
    server.on("connection", (socket) => {
      const at = this.texts.push("") - 1;
      this.#sockets.add(socket);
      let answered = false;
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("data", (chunk: Uint8Array) => {
        this.texts[at] += String.fromCharCode(...chunk);
        if (answered || !/\n\r?\n/.test(this.texts[at]!)) return;
        answered = true;
        setTimeout(() => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), 20);
      });
    });
  }

  static async start(): Promise<TakingTarget> {
    const server = net.createServer({ allowHalfOpen: true });
    const target = new TakingTarget(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return target;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/**
 * How long a proxy is given for a response, and for more behind it: it may wait for the rest of what it takes for a
 * body.
 */
const PATIENCE_MS = 700;
const MORE_MS = 100;

/** Sends a form through a proxy and says what became of it. */
export async function tryForm(
  form: SmugglingForm,
  { url, target }: { readonly url: string; readonly target: TakingTarget },
): Promise<{ readonly fate: Fate; readonly status: number }> {
  const before = target.texts.length;
  await using client = await RawSocket.connect(url);
  await client.send(form.text).catch(() => {});
  // A client that ended its side would have left, for some proxies.
  const answer = await client.readThrough("\r\n\r\n", PATIENCE_MS).catch(() => null) ?? "";
  await client.endedWithin(MORE_MS);
  const status = Number(/^HTTP\/1\.[01] (\d+)/.exec(answer)?.[1] ?? 0);
  // What the proxy itself takes for a second request is none of a second meaning: each request has a connection of its
  // own here.
  const texts = target.texts.slice(before);
  const second = texts.some((text) => {
    const found = targetsFoundIn(text);
    return found.has(HIDDEN) && found.size > 1;
  });
  if (second) return { fate: "second meaning", status };
  return { fate: status >= 400 || status === 0 ? "refused" : "passed", status };
}
