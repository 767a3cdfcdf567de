/** Certificates for tests, made by openssl: a root, and what it signs. */
/** PEM texts, and the files that hold them. */
export interface MadeCertificate {
  readonly certificate: string;
  readonly key: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** What a certificate is to say. */
export interface Wanted {
  /** DNS names, or addresses. */
  readonly names: readonly string[];
  /** As openssl writes it: `20200101000000Z`. Valid from an hour ago for 90 days if absent. */
  readonly notBefore?: string;
  readonly notAfter?: string;
  /** `ec` by default. */
  readonly keyKind?: "ec" | "rsa";
  /** For clients, rather than servers. */
  readonly client?: boolean;
}

/** A root of trust in a folder of its own. */
export class TestAuthority implements AsyncDisposable {
  readonly folder: string;
  #made = 0;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Makes a root. */
  static async make(): Promise<TestAuthority> {
    const authority = new TestAuthority(await Deno.makeTempDir({ prefix: "certificates-" }));
    await authority.#openssl(
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=Test-Root " +
        "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -keyout root.key -out " +
        "root.pem",
    );
    await Deno.mkdir(`${authority.folder}/issued`);
    return authority;
  }

  /** The file with the root's certificate. */
  get rootFile(): string {
    return `${this.folder}/root.pem`;
  }

  /** The root's certificate, PEM. */
  root(): Promise<string> {
    return Deno.readTextFile(this.rootFile);
  }

  /** Makes a certificate that the root has signed; one at a time, since openssl keeps a list of them. */
  issue(wanted: Wanted): Promise<MadeCertificate> {
    const made = this.#last.then(() => this.#issue(wanted));
    this.#last = made.catch(() => {});
    return made;
  }

  async #issue({ names, notBefore, notAfter, keyKind = "ec", client = false }: Wanted): Promise<MadeCertificate> {
    const id = `leaf${this.#made++}`;
    const key = keyKind === "ec" ? "ec -pkeyopt ec_paramgen_curve:prime256v1" : "rsa:2048";
    await this.#openssl(`req -new -newkey ${key} -nodes -subj /CN=${id} -keyout ${id}.key -out ${id}.csr`);
    const list = names.map((name) => `${/^[\d.]+$|:/.test(name) ? "IP" : "DNS"}:${name}`).join(",");
    await Deno.writeTextFile(
      `${this.folder}/${id}.cnf`,
      [
        "[ca]",
        "default_ca=root",
        "[root]",
        `database=${this.folder}/index`,
        `serial=${this.folder}/serial`,
        `new_certs_dir=${this.folder}/issued`,
        "default_md=sha256",
        "policy=any",
        "unique_subject=no",
        "[any]",
        "commonName=optional",
        "[extensions]",
        `subjectAltName=${list}`,
        "basicConstraints=critical,CA:FALSE",
        `extendedKeyUsage=${client ? "clientAuth" : "serverAuth"}`,
        "authorityKeyIdentifier=keyid",
      ].join("\n"),
    );
    await Deno.writeTextFile(`${this.folder}/index`, "");
    const dates = notAfter === undefined ? "-days 90" : `-startdate ${notBefore} -enddate ${notAfter}`;
    await this.#openssl(
      `ca -batch -notext -config ${id}.cnf -extensions extensions -create_serial ${dates} ` +
        `-cert root.pem -keyfile root.key -in ${id}.csr -out ${id}.pem`,
    );
    const [certificateFile, keyFile] = [`${this.folder}/${id}.pem`, `${this.folder}/${id}.key`];
    return {
      certificate: await Deno.readTextFile(certificateFile),
      key: await Deno.readTextFile(keyFile),
      certificateFile,
      keyFile,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }

  async #openssl(args: string): Promise<void> {
    const command = new Deno.Command("openssl", { args: args.split(" "), cwd: this.folder, stdin: "null" });
    const { success, stderr } = await command.output();
    if (!success) throw new Error(`openssl ${args}: ${new TextDecoder().decode(stderr)}`);
  }
}
