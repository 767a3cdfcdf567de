import assert from "node:assert/strict";
import { connect as connectWithTls, type TLSSocket } from "node:tls";
import { X509Certificate } from "node:crypto";
import { type MadeCertificate, TestAuthority } from "./certificates.ts";
import { until, within } from "./poll.ts";
import { okay } from "./recorder_scripts.ts";
import { RecorderTarget } from "./recorder_target.ts";
import { type SluiceProcess, startSluice } from "./sluice_process.ts";

/** sluice with a port for TLS, the engine `wire`, and one recorder behind it. */
export class TlsStage implements AsyncDisposable {
  readonly sluice: SluiceProcess;
  readonly target: RecorderTarget;

  /** The variables that sluice was started with. */
  readonly env: Readonly<Record<string, string>>;

  private constructor(sluice: SluiceProcess, target: RecorderTarget, env: Record<string, string>) {
    this.sluice = sluice;
    this.target = target;
    this.env = env;
  }

  /** Starts it; `certificates` are LISTENER_TLS_CERT and then LISTENER_TLS_CERT_1, _2 and so on. */
  static async start(
    certificates: readonly Pick<MadeCertificate, "certificateFile" | "keyFile">[],
    env: Record<string, string> = {},
  ): Promise<TlsStage> {
    const target = await RecorderTarget.start();
    target.script = okay();
    const files = certificates.flatMap(({ certificateFile, keyFile }, index) => {
      const number = index === 0 ? "" : `_${index}`;
      return [[`LISTENER_TLS_CERT${number}`, certificateFile], [`LISTENER_TLS_KEY${number}`, keyFile]];
    });
    const all = {
      LISTENER_ENGINE: "wire",
      LISTENER_TLS_PORT: "0",
      LISTENER_RULE_1_PATH_PREFIX: "/",
      LISTENER_RULE_1_TARGET_GROUP: "web",
      TARGET_GROUP_1_NAME: "web",
      TARGET_GROUP_1_TARGETS: target.address,
      ...Object.fromEntries(files),
      ...env,
    };
    try {
      return new TlsStage(await startSluice({ env: all }), target, all);
    } catch (error) {
      await target[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** `https://127.0.0.1:PORT`. */
  get url(): string {
    const line = this.sluice.events.find(({ event }) => event === "listening");
    assert.ok(typeof line?.tlsUrl === "string", "sluice says no address with TLS");
    return line.tlsUrl;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Waits for the next line of an event behind those that are there already; `act` provokes it. */
  async eventAfter(event: string, act: () => void | Promise<void>): Promise<Record<string, unknown>> {
    const seen = this.sluice.events.length;
    await act();
    return await until(
      () => this.sluice.events.slice(seen).find((line) => line.event === event),
      () => `the event ${event}; the log says:\n${this.sluice.stderr}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sluice[Symbol.asyncDispose]();
    await this.target[Symbol.asyncDispose]();
  }
}

/** Starts a stage with one certificate, for `localhost` and 127.0.0.1, for as long as `run` takes. */
export async function withTlsStage(
  env: Record<string, string>,
  run: (stage: TlsStage, authority: TestAuthority) => Promise<void>,
): Promise<void> {
  await using authority = await TestAuthority.make();
  await using stage = await TlsStage.start([await authority.issue({ names: ["localhost", "127.0.0.1"] })], env);
  await run(stage, authority);
}

/** A client's connection with TLS, byte by byte. */
export class TlsClient implements AsyncDisposable {
  readonly socket: TLSSocket;
  #text = "";
  #ended = false;

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (piece: string) => this.#text += piece);
    socket.on("close", () => this.#ended = true);
    socket.on("error", () => {});
  }

  /** Connects and makes the handshake; rejects if it fails. `name` is the one to ask for; null asks for none. */
  static async connect(
    port: number,
    authority: Pick<TestAuthority, "root">,
    { name = "localhost", alpn }: { readonly name?: string | null; readonly alpn?: readonly string[] } = {},
  ): Promise<TlsClient> {
    const socket = connectWithTls({
      host: "127.0.0.1",
      port,
      ca: [await authority.root()],
      servername: name ?? "",
      // Which certificate came is what tests look at.
      checkServerIdentity: () => undefined,
      ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once("secureConnect", resolve);
    socket.once("error", reject);
    try {
      await within(promise, "the handshake");
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return new TlsClient(socket);
  }

  /** The DNS names of the certificate that came. */
  get names(): string {
    const { raw } = this.socket.getPeerCertificate();
    return (new X509Certificate(raw).subjectAltName ?? "").replaceAll("DNS:", "");
  }

  /** Sends a GET and waits for its response, which has a Content-Length. */
  async get(path: string, headers: readonly string[] = []): Promise<string> {
    const before = this.#text.length;
    this.socket.write([`GET ${path} HTTP/1.1`, "Host: localhost", ...headers, "", ""].join("\r\n"));
    return await until(() => {
      const text = this.#text.slice(before);
      const end = text.indexOf("\r\n\r\n");
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (end >= 0 && text.length >= end + 4 + length) return text;
      if (this.#ended) throw new Error(`The connection ended in the response: ${text}`);
      return undefined;
    }, "the response");
  }

  /** All that came. */
  get text(): string {
    return this.#text;
  }

  get ended(): boolean {
    return this.#ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    return Promise.resolve();
  }
}
