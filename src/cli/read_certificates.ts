import { chainOf } from "../certificates/certificate_pair.ts";
import type { Config } from "../config/model.ts";
import { AcmeAgent } from "../control_plane/acme/acme_agent.ts";
import { AcmeStorage } from "../control_plane/acme/acme_storage.ts";
import { makeSend } from "../control_plane/acme/send.ts";
import { CertificateStore } from "../control_plane/certificates/certificate_store.ts";
import { ListenerCertificates } from "../control_plane/certificates/listener_certificates.ts";
import { TargetTlsTexts } from "../control_plane/certificates/target_tls_texts.ts";
import type { Logger } from "../logging/log.ts";
import { systemClock } from "../time/clock.ts";

/** Reads the certificates of a configuration, for a balancer; with what is wrong with them, one line each. */
export async function readCertificates(
  { listener }: Pick<Config, "listener">,
  log: Logger,
): Promise<{ readonly certificates: ListenerCertificates; readonly problems: readonly string[] }> {
  const files = new CertificateStore({ clock: systemClock, log, read: (path) => Deno.readTextFile(path) });
  const problems = await files.load(listener.tls?.certificates ?? []);
  const acme = await acmeAgent(listener, log);
  if (typeof acme !== "string") return { certificates: new ListenerCertificates(files, acme), problems };
  return { certificates: new ListenerCertificates(files, null), problems: [...problems, acme] };
}

/** Reads the files that groups name for TLS to their targets; with what is wrong with them, one line each. */
export function readTargetTls({ groups }: Pick<Config, "groups">): ReturnType<typeof TargetTlsTexts.read> {
  return TargetTlsTexts.read(groups, (path) => Deno.readTextFile(path));
}

/** Makes the agent of ACME, if it is enabled; or says what is wrong with its files. */
async function acmeAgent({ acme }: Config["listener"], log: Logger): Promise<AcmeAgent | null | string> {
  if (acme === null) return null;
  let authority: string | null = null;
  try {
    if (acme.authorityFile !== null) authority = await Deno.readTextFile(acme.authorityFile);
  } catch (error) {
    return `ACME_CA: Cannot read "${acme.authorityFile}": ${textOf(error)}`;
  }
  try {
    // A text without certificates would leave every directory untrusted, without a word.
    if (authority !== null) chainOf(authority);
  } catch (error) {
    return `ACME_CA: Cannot use "${acme.authorityFile}": ${textOf(error)}`;
  }
  const agent = new AcmeAgent({
    config: acme,
    storage: new AcmeStorage(acme.storage),
    clock: systemClock,
    log,
    send: makeSend(systemClock, authority),
    random: Math.random,
  });
  try {
    await agent.prepare();
    return agent;
  } catch (error) {
    return `ACME_STORAGE: Cannot use "${acme.storage}": ${whyUnusable(error, acme.storage)}`;
  }
}

function whyUnusable(error: unknown, folder: string): string {
  if (error instanceof Deno.errors.NotCapable) {
    return `this program may not write there; use the default folder, or run it by deno with --allow-write=${folder}`;
  }
  return textOf(error);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
