import { RawClient } from "./raw_client.ts";
import { header, type RawResponse } from "./raw_message.ts";

/** A connection that is kept while the other side keeps it. */
export class KeptClient implements AsyncDisposable {
  readonly #url: string;
  #client: RawClient | null = null;

  constructor(url: string) {
    this.#url = url;
  }

  async exchange(bytes: string, method: string, last = false): Promise<RawResponse> {
    this.#client ??= await RawClient.connect(this.#url);
    const response = await this.#client.exchange(bytes, method);
    const closes = /close/i.test(header(response, "connection") ?? "");
    if (last || closes || response.cutOff) await this[Symbol.asyncDispose]();
    return response;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client?.close();
    this.#client = null;
  }
}
