import { findProgram } from "./have_program.ts";
import { freePort } from "./free_port.ts";
import { until } from "./poll.ts";
import { TestAuthority } from "./certificates.ts";

/**
 * Pebble, an ACME server for tests, with its DNS: every name is 127.0.0.1. Debian's packages `pebble` brings both
 * programs.
 */
export class Pebble implements AsyncDisposable {
  /** URL of the directory. */
  readonly directory: string;
  /** File with the root that signed the directory's own certificate. */
  readonly rootFile: string;
  /** Signed the directory's own certificate. */
  readonly authority: TestAuthority;
  readonly #children: readonly Deno.ChildProcess[];
  readonly #management: string;

  private constructor(
    children: readonly Deno.ChildProcess[],
    { port, management, authority }: {
      readonly port: number;
      readonly management: number;
      readonly authority: TestAuthority;
    },
  ) {
    this.#children = children;
    this.#management = `https://127.0.0.1:${management}`;
    this.authority = authority;
    this.directory = `https://127.0.0.1:${port}/dir`;
    this.rootFile = authority.rootFile;
  }

  /**
   * Starts it. @param httpPort Where it looks for challenges. `badNonces` in percent; with `external` it wants an
   * account of that key ID; it refuses to order for names in `blocked`; `validitySeconds` is that of its certificates;
   * without `checks` it takes every name as proved.
   */
  static async start(
    httpPort: number,
    { badNonces = 0, external, blocked = [], validitySeconds = 86_400, checks = true }: {
      readonly badNonces?: number;
      readonly blocked?: readonly string[];
      readonly validitySeconds?: number;
      readonly checks?: boolean;
      readonly external?: { readonly keyId: string; readonly key: string };
    } = {},
  ): Promise<Pebble> {
    const authority = await TestAuthority.make();
    const own = await authority.issue({ names: ["localhost", "127.0.0.1"] });
    const [port, management, dns, dnsManagement] = [freePort(), freePort(), freePort(), freePort()];
    const file = `${authority.folder}/pebble.json`;
    await Deno.writeTextFile(
      file,
      JSON.stringify({
        pebble: {
          listenAddress: `127.0.0.1:${port}`,
          managementListenAddress: `127.0.0.1:${management}`,
          certificate: own.certificateFile,
          privateKey: own.keyFile,
          httpPort,
          tlsPort: 1,
          ocspResponderURL: "",
          domainBlocklist: blocked,
          certificateValidityPeriod: validitySeconds,
          externalAccountBindingRequired: external !== undefined,
          externalAccountMACKeys: external === undefined ? {} : { [external.keyId]: external.key },
        },
      }),
    );
    const start = (name: string, args: readonly string[], env: Record<string, string> = {}) =>
      new Deno.Command(findProgram(name)!, { args: [...args], env, stdin: "null", stdout: "null", stderr: "null" })
        .spawn();
    const off = ["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""];
    const children = [
      start("pebble-challtestsrv", ["-dns01", `127.0.0.1:${dns}`, "-management", `127.0.0.1:${dnsManagement}`, ...off]),
      start("pebble", ["-config", file, "-dnsserver", `127.0.0.1:${dns}`], {
        PEBBLE_VA_NOSLEEP: "1",
        // Else names that were proved before are now and then taken as proved.
        PEBBLE_AUTHZREUSE: "0",
        ...(checks ? {} : { PEBBLE_VA_ALWAYS_VALID: "1" }),
        PEBBLE_WFE_NONCEREJECT: String(badNonces),
      }),
    ];
    const pebble = new Pebble(children, { port, management, authority });
    using client = Deno.createHttpClient({ caCerts: [await authority.root()] });
    await until(async () => {
      const response = await fetch(pebble.directory, { client }).catch(() => null);
      await response?.body?.cancel();
      return response?.status === 200;
    }, "the ACME directory");
    return pebble;
  }

  /** The root of what it issues, PEM. */
  async root(): Promise<string> {
    using client = Deno.createHttpClient({ caCerts: [await this.authority.root()] });
    return await (await fetch(`${this.#management}/roots/0`, { client })).text();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    await Promise.all(this.#children.map((child) => child.status));
    await this.authority[Symbol.asyncDispose]();
  }
}
