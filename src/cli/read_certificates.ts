import type { Config } from "../config/model.ts";
import type { AcmeAgent } from "../control_plane/acme/acme_agent.ts";
import { CertificateStore } from "../control_plane/certificates/certificate_store.ts";
import { ListenerCertificates } from "../control_plane/certificates/listener_certificates.ts";
import { TargetTlsTexts } from "../control_plane/certificates/target_tls_texts.ts";
import type { Logger } from "../logging/log.ts";
import { systemClock } from "../time/clock.ts";

/** Reads the certificates of a configuration for a balancer. Returns also their problems, one line each. */
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

/** Reads the files that groups name for TLS to their targets. Returns also their problems, one line each. */
export function readTargetTls({ groups }: Pick<Config, "groups">): ReturnType<typeof TargetTlsTexts.read> {
  return TargetTlsTexts.read(groups, (path) => Deno.readTextFile(path));
}

/** Makes the ACME agent, or null if ACME is off. A text says what is wrong with its files. */
async function acmeAgent({ acme }: Config["listener"], log: Logger): Promise<AcmeAgent | null | string> {
  if (acme === null) return null;
  // Loaded here, since without ACME its packages would only take memory.
  const { makeAcmeAgent } = await import("../control_plane/acme/make_acme_agent.ts");
  return await makeAcmeAgent(acme, { clock: systemClock, log, random: Math.random });
}
