import { formatHostPort, parseHost } from "./address_values.ts";
import { Refusal } from "./value_kind.ts";

/** Greatest weight; the sum over a group stays far below the limit of a 32-bit number. */
export const MOST_WEIGHT = 100_000;

/** One piece of `_WEIGHTS`: it applies to the entries of a host, or only to those with that port too. */
export interface WeightEntry {
  readonly host: string;
  /** Null: every entry of the host. */
  readonly port: number | null;
  readonly weight: number;
}

/** Parses `host:weight` or `host:port:weight`, IPv6 in brackets. */
export function parseWeight(text: string): WeightEntry | Refusal {
  const match = /^(\[[^\]]*\]|[^:[\]]*):(?:([^:]*):)?([^:]*)$/.exec(text);
  if (match === null) {
    return new Refusal("host:weight or host:port:weight (an IPv6 address in brackets, no scheme and no base)");
  }
  const host = parseHost(match[1]!);
  if (host === null) return new Refusal("host:weight or host:port:weight with a host name or address as host");
  const port = match[2] === undefined ? null : /^\d{1,5}$/.test(match[2]) ? Number(match[2]) : 0;
  if (port !== null && (port < 1 || port > 65535)) return new Refusal("host:port:weight with a port from 1 to 65535");
  const weight = /^\d{1,6}$/.test(match[3]!) ? Number(match[3]) : 0;
  if (weight < 1 || weight > MOST_WEIGHT) {
    return new Refusal(`host:weight or host:port:weight with a whole number from 1 to ${MOST_WEIGHT} as weight`);
  }
  return { host, port, weight };
}

/** Writes which targets an entry of `_WEIGHTS` applies to. */
export function formatWeightKey(entry: Omit<WeightEntry, "weight">): string {
  if (entry.port !== null) return formatHostPort(entry.host, entry.port);
  return entry.host.includes(":") ? `[${entry.host}]` : entry.host;
}

/** Finds a target's weight. An entry with its port wins over one with only its host. */
export function weightOf(
  target: { readonly host: string; readonly port: number },
  weights: ReadonlyMap<string, WeightEntry>,
): number | null {
  const [ofPort, ofHost] = weightKeysOf(target);
  return (weights.get(ofPort) ?? weights.get(ofHost))?.weight ?? null;
}

/** Returns the two keys that a target's weight may have. */
export function weightKeysOf({ host, port }: { readonly host: string; readonly port: number }): [string, string] {
  return [formatWeightKey({ host, port }), formatWeightKey({ host, port: null })];
}
