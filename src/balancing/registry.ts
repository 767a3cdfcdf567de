import type { Algorithm } from "./algorithm.ts";
import { leastConnections } from "./least_connections.ts";
import { leastResponseTime } from "./least_response_time.ts";
import { powerOfTwo } from "./power_of_two.ts";
import { random } from "./random.ts";
import { rendezvousHash } from "./rendezvous_hash.ts";
import { roundRobin } from "./round_robin.ts";
import { sticky } from "./sticky.ts";
import { weighted } from "./weighted.ts";

/** Every algorithm there is, in the order in which they are listed to users. */
export const ALGORITHMS: readonly Algorithm[] = [
  roundRobin,
  weighted,
  leastConnections,
  leastResponseTime,
  sticky,
  random,
  powerOfTwo,
  rendezvousHash,
];

const BY_NAME = new Map(
  ALGORITHMS.flatMap((algorithm) => [algorithm.name, ...algorithm.aliases].map((name) => [name, algorithm] as const)),
);

/** Finds an algorithm by its name or an alias of it, in any case; null if there is none. */
export function findAlgorithm(name: string): Algorithm | null {
  return BY_NAME.get(name.toUpperCase()) ?? null;
}
