import type { Config } from "../config/model.ts";
import { CertificateStore } from "../control_plane/certificates/certificate_store.ts";
import type { Logger } from "../logging/log.ts";
import { systemClock } from "../time/clock.ts";

/** Reads the certificates that a configuration names, for a balancer; with what is wrong with them, one line a pair. */
export async function readCertificates(
  { listener }: Pick<Config, "listener">,
  log: Logger,
): Promise<{ readonly certificates: CertificateStore; readonly problems: readonly string[] }> {
  const certificates = new CertificateStore({ clock: systemClock, log, read: (path) => Deno.readTextFile(path) });
  return { certificates, problems: await certificates.load(listener.tls?.certificates ?? []) };
}
