import type { TestAuthority } from "./certificates.ts";
import { freePort } from "./free_port.ts";
import { runSluice, type SluiceProcess, startSluice } from "./sluice_process.ts";

/** Programs that tests of ACME need. */
export const ACME_PROGRAMS = ["pebble", "pebble-challtestsrv", "openssl"];

/** Where a sluice orders certificates, and what it serves them on. */
export interface AcmePlace {
  readonly httpPort: number;
  readonly tlsPort: number;
  /** ACME_STORAGE. */
  readonly storage: string;
  /** URL of the directory. */
  readonly directory: string;
  /** File with the directory's root, PEM. */
  readonly rootFile: string;
}

/** Starts sluice with ACME for the names one.test and two.test, which stand in a rule; responds 200 to everything. */
export function startAcme(
  { httpPort, tlsPort, storage, directory, rootFile }: AcmePlace,
  env: Record<string, string> = {},
): Promise<SluiceProcess> {
  return startSluice({
    writes: storage,
    env: {
      LISTENER_ENGINE: "wire",
      LISTENER_PORT: String(httpPort),
      LISTENER_TLS_PORT: String(tlsPort),
      ACME_ENABLE: "true",
      ACME_TERMS_AGREED: "true",
      ACME_DIRECTORY: directory,
      ACME_CA: rootFile,
      ACME_STORAGE: storage,
      LISTENER_RULE_1_HOST: "one.test|TWO.test|*.three.test",
      LISTENER_RULE_1_FIXED_RESPONSE: "200 text/plain served",
      LISTENER_RULE_2_PATH_PREFIX: "/",
      LISTENER_RULE_2_FIXED_RESPONSE: "200 text/plain served",
      ...env,
    },
  });
}

/** A place on free ports. */
export function acmePlace(place: Pick<AcmePlace, "storage" | "directory" | "rootFile">): AcmePlace {
  return { httpPort: freePort(), tlsPort: freePort(), ...place };
}

/** Puts certificates into a storage that are valid for a week, and due to be renewed. */
export async function storeOldCertificates(
  storage: string,
  authority: TestAuthority,
  names: readonly string[] = ["one.test", "two.test"],
): Promise<void> {
  await Deno.mkdir(`${storage}/certificates`, { recursive: true });
  for (const name of names) {
    const dates = { notBefore: asn1Time(-80), notAfter: asn1Time(7) };
    const { certificate, key } = await authority.issue({ names: [name], ...dates });
    await Deno.writeTextFile(`${storage}/certificates/${name}.pem`, certificate + key);
  }
}

/** Who issued the certificate that is served for a name; null while the port is closed. */
export async function issuerServed(port: number, name: string): Promise<string | null> {
  const args = ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", name];
  const { stdout } = await new Deno.Command("openssl", { args, stdin: "null", stderr: "null" }).output();
  const text = new TextDecoder().decode(stdout);
  return text.includes(`subject=`) ? /issuer=CN = ([^\n]*)/.exec(text)?.[1] ?? null : null;
}

/** What `sluice status` says. */
export async function statusText({ adminUrl }: SluiceProcess): Promise<string> {
  const { stdout, stderr } = await runSluice(["status"], { ADMIN_PORT: new URL(adminUrl).port });
  return stdout + stderr;
}

/** A time some days from now, as openssl writes it. */
function asn1Time(days: number): string {
  return `${new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-T:]|\..*/g, "")}Z`;
}
