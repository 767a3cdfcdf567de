import type { HeaderEditsConfig, HeaderLine } from "../../config/header_edits.ts";
import type { FieldLines } from "../../http1/field_lines.ts";
import type { TargetSnapshot } from "../../state/group_snapshot.ts";
import {
  compileTemplate,
  type FilledFrom,
  type FillSettings,
  fillTemplate,
  namesTarget,
  type Template,
} from "./placeholders.ts";

type Line = [name: string, value: string];

/** Changes of header lines in the form that requests and responses are changed by. */
export class HeaderEdits {
  readonly #names: ReadonlySet<string>;
  readonly #lines: readonly { readonly name: string; readonly template: Template }[];
  readonly #settings: FillSettings;
  /** A value names the target, so that each attempt needs lines of its own. */
  readonly ofTarget: boolean;

  /** @param edits By name in lower case: the lines that take the place of all of that name, none to remove them. */
  constructor(edits: ReadonlyMap<string, readonly HeaderLine[]>, settings: FillSettings) {
    this.#names = new Set(edits.keys());
    this.#lines = [...edits.values()].flat().map(({ name, value }) => ({ name, template: compileTemplate(value) }));
    this.#settings = settings;
    this.ofTarget = this.#lines.some(({ template }) => namesTarget(template));
  }

  /** Drops the lines that are removed or replaced, and returns the lines of sluice's own with those that are set. */
  apply(
    { lines, own }: { readonly lines: FieldLines | null; readonly own: readonly Readonly<Line>[] },
    request: FilledFrom,
    target: TargetSnapshot | null,
  ): Line[] {
    const names = this.#names;
    if (lines !== null) {
      for (let line = 0; line < lines.count; line++) {
        if (!lines.isDropped(line) && names.has(lines.name(line))) lines.drop(line);
      }
    }
    const left = own.filter(([name]) => !names.has(name.toLowerCase())) as Line[];
    const filledFrom = { settings: this.#settings, target };
    for (const { name, template } of this.#lines) left.push([name, fillTemplate(template, request, filledFrom)]);
    return left;
  }

  /** Says what `apply` would set and remove. @param target Null for a response of sluice's own. */
  describe(request: FilledFrom, target: TargetSnapshot | null): { set: Line[]; removed: string[] } {
    const set = this.apply({ lines: null, own: [] }, request, target);
    const replaced = new Set(set.map(([name]) => name.toLowerCase()));
    return { set, removed: [...this.#names].filter((name) => !replaced.has(name)) };
  }
}

/** The changes for requests and responses; null for none. */
export interface Edits {
  readonly request: HeaderEdits | null;
  readonly response: HeaderEdits | null;
}

/** The changes of a snapshot. */
export interface SnapshotEdits {
  /** For a response before a rule was found. */
  readonly listener: Edits;
  /** By the number of the rule. */
  readonly ofRules: ReadonlyMap<number, Edits>;
}

/** Returns the changes for an exchange, by its rule if it has one; null if there are none at all. */
export function editsOf(edits: SnapshotEdits | null, rule: { readonly number: number } | null): Edits | null {
  if (edits === null) return null;
  return rule === null ? edits.listener : edits.ofRules.get(rule.number)!;
}

/** Compiles the changes of the listener and of each rule, which come after them. Null if there are none at all. */
export function compileEdits(
  listener: HeaderEditsConfig,
  rules: readonly { readonly number: number; readonly headers: HeaderEditsConfig }[],
  settings: FillSettings,
): SnapshotEdits | null {
  const some = [listener, ...rules.map(({ headers }) => headers)];
  if (some.every(changesNothing)) return null;
  const compile = (steps: readonly HeaderEditsConfig[]): Edits => ({
    request: compileLines(steps.map(({ requestSet, requestRemove }) => [requestSet, requestRemove]), settings),
    response: compileLines(steps.map(({ responseSet, responseRemove }) => [responseSet, responseRemove]), settings),
  });
  return {
    listener: compile([listener]),
    ofRules: new Map(rules.map(({ number, headers }) => [number, compile([listener, headers])])),
  };
}

function changesNothing(edits: HeaderEditsConfig): boolean {
  return Object.values(edits).every((list) => list.length === 0);
}

/** Later changes of a name take the place of earlier ones; a name that is removed and set is set. */
function compileLines(
  steps: readonly (readonly [set: readonly HeaderLine[], remove: readonly string[]])[],
  settings: FillSettings,
): HeaderEdits | null {
  const edits = new Map<string, HeaderLine[]>();
  for (const [set, remove] of steps) {
    for (const name of remove) edits.set(name, []);
    for (const { name } of set) edits.delete(name.toLowerCase());
    for (const line of set) {
      const name = line.name.toLowerCase();
      edits.set(name, [...edits.get(name) ?? [], line]);
    }
  }
  return edits.size === 0 ? null : new HeaderEdits(edits, settings);
}
