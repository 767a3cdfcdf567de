import type { Door } from "../model.ts";

/** What a variable is; the code's defaults and the page `docs/configuration.md` both come from it. */
export interface VariableDefinition<N extends string = string> {
  /** `<N>` stands for the number of a rule or a group. */
  readonly name: N;
  /** What the value is, and its unit where it has one. */
  readonly unit: string;
  /** As one would write it; null where there is none. */
  readonly default: string | null;
  /** Defaults of doors that differ. */
  readonly doorDefaults?: Partial<Readonly<Record<Door, string>>>;
  /** One line. */
  readonly meaning: string;
  readonly example: string;
  /** The name without the group, which sets it for all groups of any door. */
  readonly global?: string;
  /** Other names; this one wins. */
  readonly aliases?: readonly string[];
  /** Its value is shown to nobody. */
  readonly secret?: boolean;
  /** An empty value is a value, not an absent one. */
  readonly emptyCounts?: boolean;
}

/** Keeps a definition's name as its type, so that a misspelled name does not compile. */
export function define<const N extends string>(
  name: N,
  unit: string,
  rest: Omit<VariableDefinition, "name" | "unit">,
): VariableDefinition<N> {
  return { name, unit, ...rest };
}
