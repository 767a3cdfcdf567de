import { isKnown } from "../variables/variables.ts";

/** The names that belong to sluice whatever follows; an unknown one is a mistake. */
const FAMILIES = /^(TARGET_GROUP|LISTENER|HEALTH_CHECK)_/;

/** Tells whether a name is of a family in which every unknown name is an error. */
export function isOfFamily(name: string): boolean {
  return FAMILIES.test(name);
}

/**
 * Tells whether a variable of the environment is what Kubernetes injects into every pod for a service that happens to be
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
