import type { Pebble } from "./pebble.ts";

/** Passes a request on to the directory and gives its response. */
export type PassOn = () => Promise<Response>;

/** Stands in front of an ACME directory, and may respond in its place. */
export class DirectoryProxy implements AsyncDisposable {
  /** URL of the directory, through this proxy. */
  readonly directory: string;
  /** Gives the response to a request; passes all of them on at first. */
  respond: (path: string, passOn: PassOn) => Response | Promise<Response> = (_path, passOn) => passOn();
  /** Paths that were asked for. */
  readonly asked: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #client: Deno.HttpClient;
  readonly #stop = new AbortController();

  private constructor(pebble: Pebble, parts: { readonly cert: string; readonly key: string; readonly root: string }) {
    const { cert, key, root } = parts;
    // HTTP/2 knows no Host apart from the URL's.
    this.#client = Deno.createHttpClient({ caCerts: [root], allowHost: true, http2: false });
    const onListen = () => {};
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, cert, key, onListen, signal: this.#stop.signal },
      async (request) => {
        const { pathname } = new URL(request.url);
        this.asked.push(pathname);
        const body = await request.bytes();
        return await this.respond(pathname, () => this.#passOn(request, body, pebble));
      },
    );
    this.directory = `https://127.0.0.1:${this.#server.addr.port}/dir`;
  }

  /** Starts one; its certificate is from the authority that signed the directory's own. */
  static async start(pebble: Pebble): Promise<DirectoryProxy> {
    const { certificate, key } = await pebble.authority.issue({ names: ["127.0.0.1"] });
    return new DirectoryProxy(pebble, { cert: certificate, key, root: await pebble.authority.root() });
  }

  /** As if the directory had been asked under the proxy's name: it signs and checks URLs by Host. */
  async #passOn(request: Request, body: Uint8Array<ArrayBuffer>, pebble: Pebble): Promise<Response> {
    const { pathname, host } = new URL(request.url);
    const response = await fetch(new URL(pathname, pebble.directory), {
      method: request.method,
      headers: [["host", host], ["content-type", request.headers.get("content-type") ?? ""]],
      body: body.length === 0 ? null : body,
      client: this.#client,
      redirect: "manual",
    });
    const headers = new Headers(response.headers);
    // Its length may change.
    headers.delete("content-length");
    return new Response(await response.bytes(), { status: response.status, headers });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#server.finished;
    this.#client.close();
  }
}

/** What a directory responds if it refuses a request (RFC 7807). @param type An error of RFC 8555 section 6.7. */
export function problemResponse(
  status: number,
  { type, detail, headers = {} }: {
    readonly type: string;
    readonly detail: string;
    readonly headers?: Record<string, string>;
  },
): Response {
  const body = { type: `urn:ietf:params:acme:error:${type}`, detail, status };
  return Response.json(body, { status, headers: { "content-type": "application/problem+json", ...headers } });
}
