import { createAdminApp } from "../../src/admin/app.ts";
import { systemClock } from "../../src/time/clock.ts";
import type { FakeAdminSource } from "./fake_admin_source.ts";
import { LogRecorder } from "./log_recorder.ts";

/** An admin listener on loopback over a source that a test made up. */
export class AdminListener implements AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #abort = new AbortController();

  constructor(source: FakeAdminSource, options: { readonly token?: string; readonly port?: number } = {}) {
    const app = createAdminApp(source, {
      enabled: true,
      host: "127.0.0.1",
      port: 0,
      portWasAskedFor: false,
      token: options.token ?? null,
      metricsPublic: false,
      hosts: [],
    }, { clock: systemClock, log: new LogRecorder(), signal: this.#abort.signal });
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: options.port ?? 0, onListen: () => {} }, app.fetch);
    this.port = this.#server.addr.port;
    this.url = `http://127.0.0.1:${this.port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#server.shutdown();
  }
}
