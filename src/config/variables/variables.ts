import { FRONT_VARIABLES } from "./front_variables.ts";
import { GROUP_VARIABLES } from "./group_variables.ts";
import { PROCESS_VARIABLES } from "./process_variables.ts";
import type { VariableDefinition } from "./variable_definition.ts";

/** A variable's name in the list: `LISTENER_PORT`, `TARGET_GROUP_<N>_NAME`. */
export type VariableName =
  | typeof PROCESS_VARIABLES[number]["name"]
  | typeof FRONT_VARIABLES[number]["name"]
  | typeof GROUP_VARIABLES[number]["name"];

/** Every variable there is. */
export const VARIABLES: readonly VariableDefinition[] = [...PROCESS_VARIABLES, ...FRONT_VARIABLES, ...GROUP_VARIABLES];

const BY_NAME: ReadonlyMap<string, VariableDefinition> = new Map(VARIABLES.map((each) => [each.name, each]));

/** Every name without a number that a value may stand under: variables, their global forms, and aliases. */
export const PLAIN_NAMES: ReadonlySet<string> = new Set(
  VARIABLES.flatMap((each) => [each.name, each.global ?? "", ...(each.aliases ?? [])])
    .filter((name) => name !== "" && !name.includes("<N>")),
);

/** Every name with a number, as `TARGET_GROUP_<N>_NAME`. */
export const NUMBERED_NAMES: ReadonlySet<string> = new Set(
  VARIABLES.map((each) => each.name).filter((name) => name.includes("<N>")),
);

/** Gives what the list says of a variable. */
export function definitionOf(name: VariableName): VariableDefinition {
  return BY_NAME.get(name)!;
}

/** Puts `<N>` where a name's number stands; null for a name that has none in a form that counts (`01` does not). */
export function numberOf(name: string): { readonly pattern: string; readonly number: number } | null {
  const match = /^(TARGET_GROUP|LISTENER_RULE)_(0|[1-9]\d{0,8})_(.+)$/.exec(name);
  return match === null ? null : { pattern: `${match[1]}_<N>_${match[3]}`, number: Number(match[2]) };
}

/** Tells whether a name is one that the program reads. */
export function isKnown(name: string): boolean {
  const numbered = numberOf(name);
  return PLAIN_NAMES.has(name) || (numbered !== null && NUMBERED_NAMES.has(numbered.pattern));
}
