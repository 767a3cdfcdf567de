import type { TargetEntry } from "../config/model.ts";

/** A target as discovery sees it: an entry of `_TARGETS` at one of its addresses. */
export interface DiscoveredTarget {
  readonly scheme: "http" | "https";
  /** The entry's host, as configured. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly base: string;
  readonly weight: number;
}

/**
 * Expands entries to targets, in order of entry, then address. An entry's weight is divided evenly among its addresses.
 * Two entries with the same scheme, address, port and base are one target with the sum of their shares, under the first
 * entry's host, since they are one machine.
 */
export function expandEntries(
  entries: readonly TargetEntry[],
  addressesOf: (host: string) => readonly string[] | null,
): Map<string, DiscoveredTarget> {
  const found = new Map<string, DiscoveredTarget>();
  for (const { scheme, host, port, base, weight } of entries) {
    const addresses = addressesOf(host) ?? [];
    for (const address of addresses) {
      const key = discoveredKey({ scheme, address, port, base });
      const share = weight / addresses.length;
      const same = found.get(key);
      if (same === undefined) found.set(key, { scheme, host, address, port, base, weight: share });
      else found.set(key, { ...same, weight: same.weight + share });
    }
  }
  return found;
}

/** Identifies a target within its group, like `targetKey` of the state folder, which discovery does not know. */
function discoveredKey(target: Pick<DiscoveredTarget, "scheme" | "address" | "port" | "base">): string {
  const address = target.address.includes(":") ? `[${target.address}]` : target.address;
  return `${target.scheme}://${address}:${target.port}${target.base}`;
}
