import { type TempDir, tempDir } from "./temp_dir.ts";

/** A certificate that a test made for itself; needs openssl. */
export class Certificate implements AsyncDisposable {
  /** A program trusts it if its variable DENO_CERT names this file. */
  readonly path: string;
  readonly cert: string;
  readonly key: string;
  readonly #dir: TempDir;

  private constructor(dir: TempDir, files: { path: string; cert: string; key: string }) {
    this.#dir = dir;
    this.path = files.path;
    this.cert = files.cert;
    this.key = files.key;
  }

  /** Makes one for `localhost` and 127.0.0.1. */
  static async make(): Promise<Certificate> {
    const dir = await tempDir();
    const [path, keyPath] = [`${dir.path}/cert.pem`, `${dir.path}/key.pem`];
    const { code } = await new Deno.Command("openssl", {
      args: ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        .concat(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .concat(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", keyPath, "-out", path]),
      stderr: "null",
    }).output();
    if (code !== 0) throw new Error(`openssl ended with ${code}`);
    return new Certificate(dir, { path, cert: await Deno.readTextFile(path), key: await Deno.readTextFile(keyPath) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dir[Symbol.asyncDispose]();
  }
}
