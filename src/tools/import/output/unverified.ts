import type { Collector } from "./collector.ts";
import type { Origin, Setting } from "./imported.ts";

/** What sluice can't do of "trust any certificate". */
const WHY = "sluice always checks the chain of a target's certificate: give TLS_CA a private root";

/** The setting for "trust any certificate": the name is left unchecked, and the chain can't be. */
export function unverified(origin: Origin, found: Collector): Setting {
  found.lose(origin, WHY);
  return { name: "TLS_VERIFY", value: "chain", from: [origin] };
}

/** The setting for files of root certificates: sluice reads one. */
export function authorityFile(paths: readonly string[], from: readonly Origin[], found: Collector): Setting[] {
  const [first, ...more] = paths;
  if (first === undefined) return [];
  if (more.length > 0) found.lose(from.at(-1)!, `TLS_CA is one file; put ${more.join(", ")} into it too`);
  return [{ name: "TLS_CA", value: first, from: [...from] }];
}
