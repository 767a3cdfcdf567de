import type { Contender } from "./contender.ts";
import type { LoadShape } from "./wrk.ts";

/** One row of a scenario. */
export interface Entry {
  readonly contender: Contender;
  /** How many targets it forwards to; default 3. */
  readonly targets?: number;
  /** Where its load differs from the scenario's. */
  readonly load?: Partial<LoadShape>;
  /** The name of the entry that its ratio is to; default: the scenario's first. */
  readonly base?: string;
}

/** Some proxies, or one proxy set up in several ways, under the same load. */
export interface Scenario {
  readonly name: string;
  /** What is compared, for a reader. */
  readonly title: string;
  readonly load: LoadShape;
  /** The first one is what the others' ratios are to, where they name no other. */
  readonly entries: readonly Entry[];
  /** What must be known to read its numbers. */
  readonly note?: string;
}

/** How often and how long each entry of a scenario is loaded. */
export interface Pace {
  readonly rounds: number;
  /** Length of a round. */
  readonly seconds: number;
  /** Load before the first counted round. */
  readonly warmUpSeconds: number;
}

/** How long the warm-up of an entry is: what is compiled while it runs needs more than what was compiled ahead. */
export function warmUpSeconds({ contender }: Entry, pace: Pace): number {
  return contender.isCompiledAhead ? 1 : pace.warmUpSeconds;
}

/** About how long a scenario takes: its load, and for each entry a second to start and stop it. */
export function expectedSeconds(scenario: Scenario, pace: Pace): number {
  const roundSeconds = pace.seconds + 0.1; // wrk's own start and end
  return scenario.entries.reduce((sum, entry) => sum + 1 + warmUpSeconds(entry, pace) + pace.rounds * roundSeconds, 0);
}

/** The order in which a round takes its entries: each round starts one further, so that no entry always follows the same rest. */
export function rotation(count: number, round: number): number[] {
  return Array.from({ length: count }, (_, i) => (i + round) % count);
}
