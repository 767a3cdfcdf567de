import type { Contender } from "./contender.ts";
import type { LoadGenerator, LoadShape } from "./load_generator.ts";
import { expectedWarmUpSeconds, START_SECONDS } from "./warm_up.ts";

/** One row of a scenario. */
export interface Entry {
  readonly contender: Contender;
  /** How many targets it forwards to; default 3. */
  readonly targets?: number;
  /** Where its load differs from the scenario's. */
  readonly load?: Partial<LoadShape>;
  /** The name of the entry that its ratio is to; default: the scenario's first. */
  readonly base?: string;
  /** How many workers share its load; each compiles for itself and needs the whole warm-up. Default 1. */
  readonly workers?: number;
}

/** Some proxies, or one proxy set up in several ways, under the same load. */
export interface Scenario {
  readonly name: string;
  /** What is compared, for a reader. */
  readonly title: string;
  readonly load: LoadShape;
  /** What loads its proxies; default: wrk. */
  readonly generator?: LoadGenerator;
  /** Who comes by TLS, or is spoken to by TLS; default: nobody. */
  readonly tls?: "clients" | "targets" | "both";
  /** The others' ratios are to the first one, unless they name another. */
  readonly entries: readonly Entry[];
  /** Names of entries to which the ratios are told too, beside the first. */
  readonly alsoTo?: readonly string[];
  /** Where its requests are expensive, or its entries many: no entry is warmed up with more requests than these. */
  readonly warmUpRequests?: number;
  /** About how many requests a proxy serves, if that is far from usual; only to estimate how long it takes. */
  readonly expectedPerSecond?: number;
  /** Whether its note says how the CPU time was shared between the threads. */
  readonly showsThreads?: boolean;
  /** What must be known to read its numbers. */
  readonly note?: string;
}

/** How often and how long each entry of a scenario is loaded. */
export interface Pace {
  readonly rounds: number;
  /** Length of a round. */
  readonly seconds: number;
  /** Answered requests before the first counted round. */
  readonly warmUpRequests: number;
}

/** How many requests an entry is to answer before the first counted round; 0 for what was compiled ahead. */
export function warmUpGoal({ contender, workers = 1 }: Entry, scenario: Scenario, pace: Pace): number {
  if (contender.isCompiledAhead) return 0;
  return Math.min(pace.warmUpRequests, scenario.warmUpRequests ?? Infinity) * workers;
}

/** About how long a scenario takes: its load, and for each entry a second to start and stop it. */
export function expectedSeconds(scenario: Scenario, pace: Pace): number {
  const rounds = pace.rounds * (pace.seconds + START_SECONDS);
  const warmUp = (entry: Entry) => expectedWarmUpSeconds(warmUpGoal(entry, scenario, pace), scenario.expectedPerSecond);
  return scenario.entries.reduce((sum, entry) => sum + 1 + warmUp(entry) + rounds, 0);
}

/**
 * The order in which a round takes its entries: each round starts one further, so that no entry always follows the same
 * rest.
 */
export function rotation(count: number, round: number): number[] {
  return Array.from({ length: count }, (_, i) => (i + round) % count);
}
