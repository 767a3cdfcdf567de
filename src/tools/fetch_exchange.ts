import { ConnectFailed, type Exchange, identityIn, type LoadRequest } from "./exchange.ts";

const decoder = new TextDecoder();
const IDENTITY_BYTES = 120;

/** Sends by `fetch`: for `https:`, where the cost of TLS outweighs the dearer client. */
export class FetchExchange implements Exchange {
  status = 0;
  servedBy: string | null = null;
  readonly #request: LoadRequest;
  #client: Deno.HttpClient | null = null;
  #controller: AbortController | null = null;

  constructor(request: LoadRequest) {
    this.#request = request;
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  async run(): Promise<void> {
    const { url, method, headers, body, fresh } = this.#request;
    // A client of its own keeps one connection to the lane, as the concurrency promises.
    this.#client ??= Deno.createHttpClient({ poolMaxIdlePerHost: fresh ? 0 : 1, allowHost: true });
    const controller = this.#controller = new AbortController();
    try {
      const response = await fetch(url, {
        method,
        headers: headers as [string, string][],
        body: body === "" ? undefined : body,
        redirect: "manual",
        client: this.#client,
        signal: controller.signal,
      });
      const start = await readThrough(response);
      this.status = response.status;
      this.servedBy = response.headers.get("x-served-by") ?? identityIn(decoder.decode(start));
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
      throw cause.includes("(Connect)") ? new ConnectFailed("Cannot connect", { cause: error }) : error;
    } finally {
      this.#controller = null;
      if (fresh) this.close();
    }
  }

  abort(): void {
    this.#controller?.abort();
  }

  close(): void {
    this.#client?.close();
    this.#client = null;
  }
}

/** Reads a body to its end and returns its first bytes. */
async function readThrough(response: Response): Promise<Uint8Array> {
  let start = new Uint8Array(0);
  let isFirst = true;
  for await (const chunk of response.body ?? []) {
    if (isFirst) start = chunk.slice(0, IDENTITY_BYTES);
    isFirst = false;
  }
  return start;
}
