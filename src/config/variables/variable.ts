import type { Door } from "../model.ts";
import type { ValueKind } from "../values/value_kind.ts";

/**
 * All there is to say of one variable. Parsing, `sluice check`, reloads and the tables of `docs/configuration.md` read
 * it here. `T` is what it holds; with `null` if it may be unset.
 */
export interface Variable<T> {
  /** `LISTENER_PORT`; `<N>` stands for the number of a rule or a target group. */
  readonly name: string;
  /** How its text is parsed, and what it is called in the docs. */
  readonly kind: ValueKind<T>;
  /** As an operator would write it; null if it is unset by default. */
  readonly default: string | null;
  /** Defaults that differ by door. */
  readonly doorDefaults?: Partial<Readonly<Record<Door, string>>>;
  /** A sentence or two for the docs. */
  readonly meaning: string;
  readonly example: string;
  /** What else an example needs to be valid. */
  readonly exampleNeeds?: Readonly<Record<string, string>>;
  /** The variable that sets it for all groups. */
  readonly global?: string;
  /** Its older names, for one group and for all. To set it by both is an error. */
  readonly older?: { readonly name: string; readonly global: string };
  /** Other names for it; its own name wins. */
  readonly aliases?: readonly string[];
  /** The only door at which the aliases are read. */
  readonly aliasDoor?: Door;
  /** Never show its value. */
  readonly secret?: boolean;
  /** An empty text is a value; for all other variables it means unset. */
  readonly emptyCounts?: boolean;
  /** A change takes effect at the next start only. */
  readonly restart?: boolean;
  /** Returns the ends of warnings about a value that is valid but probably not meant. Called if the variable is set. */
  readonly advice?: (value: T, text: string) => readonly string[];
}

/** A variable of any type, for lists. */
// deno-lint-ignore no-explicit-any
export type AnyVariable = Variable<any>;

/** Variables by the field of the configuration that each fills. */
export type VariableTable = Readonly<Record<string, AnyVariable>>;

/** What a table of variables is parsed to. */
export type ValuesOf<T extends VariableTable> = { readonly [K in keyof T]: T[K] extends Variable<infer V> ? V : never };

type Definition<T> = Omit<Variable<T>, "name" | "default">;

/** Defines a variable; without a default its value may be null. */
export function define<T>(name: string, definition: Definition<T> & { readonly default: string }): Variable<T>;
export function define<T>(name: string, definition: Definition<T>): Variable<T | null>;
export function define<T>(name: string, definition: Definition<T> & { readonly default?: string }): Variable<T | null> {
  return { default: null, ...definition, name } as Variable<any>;
}

type GroupDefinition<T> = Omit<Definition<T>, "older"> & { readonly older?: string };

/**
 * Defines an option of target groups: `TARGET_GROUP_<N>_` and the name sets it for one group, the name alone for all.
 */
export function defineForGroups<T>(
  name: string,
  definition: GroupDefinition<T> & { readonly default: string },
): Variable<T>;
export function defineForGroups<T>(name: string, definition: GroupDefinition<T>): Variable<T | null>;
export function defineForGroups<T>(
  name: string,
  { older, ...definition }: GroupDefinition<T> & { readonly default?: string },
): Variable<T | null> {
  const names = older === undefined ? {} : { older: { name: ofGroup(older), global: older } };
  return define<T>(ofGroup(name), { global: name, ...definition, ...names });
}

function ofGroup(name: string): string {
  return `TARGET_GROUP_<N>_${name}`;
}
