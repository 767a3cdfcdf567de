import type { Contender } from "./contender.ts";
import type { LoadShape } from "./wrk.ts";

/** One row of a scenario. */
export interface Entry {
  readonly contender: Contender;
  /** How many targets it forwards to; default 3. */
  readonly targets?: number;
  /** Where its load differs from the scenario's. */
  readonly load?: Partial<LoadShape>;
}

/** Some proxies, or one proxy set up in several ways, under the same load. */
export interface Scenario {
  readonly name: string;
  /** What is compared, for a reader. */
  readonly title: string;
  readonly load: LoadShape;
  /** The first one is what the others' ratios are to. */
  readonly entries: readonly Entry[];
  /** What must be known to read its numbers. */
  readonly note?: string;
}
