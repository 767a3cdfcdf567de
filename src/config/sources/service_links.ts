import { isKnown } from "../variables/variables.ts";

/** Beginnings of names that belong to sluice: an unknown name with one is an error. */
const FAMILIES = /^(TARGET_GROUP|LISTENER|HEALTH_CHECK)_/;

/** Tells whether a name belongs to sluice, so that it must be known. */
export function isOfFamily(name: string): boolean {
  return FAMILIES.test(name);
}

/**
 * Tells whether Kubernetes probably set a variable: it does so in every pod for each service, and one may be
 * called `listener`, `admin` or `target-group-1` (`LISTENER_SERVICE_HOST`, `LISTENER_PORT=tcp://10.0.0.7:80`,
 * `LISTENER_PORT_80_TCP_ADDR`).
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
export function isServiceLink(name: string, value: string): boolean {
  if (/^(tcp|udp|sctp):\/\//.test(value) && /PORT$/.test(name)) return isOfFamily(name) || isKnown(name);
  if (!isOfFamily(name) || isKnown(name)) return false;
  return /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/.test(name) ||
    /_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name);
}
