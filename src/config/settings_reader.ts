import { type Problem, problem, problemOf } from "./config_error.ts";
import { quote } from "../logging/shown_text.ts";
import type { Door } from "./model.ts";
import type { Setting } from "./setting.ts";
import type { Found, Layer } from "./sources/sources.ts";
import { Refusal } from "./values/value_kind.ts";
import type { AnyVariable, ValuesOf, Variable, VariableTable } from "./variables/variable.ts";

/** Whose variable is meant. */
export interface At {
  /**
   * The number of a rule or group. Unset for the one group of a door without numbers: it has the variables for all
   * groups.
   */
  readonly number?: number;
}

const DOOR_NAMES: Readonly<Record<Door, string>> = {
  groups: "the groups",
  backend_list: "the backend list",
  servers_file: "the servers file",
  nothing: "nothing configured",
};

type Scope = "own" | "older" | "global" | "olderGlobal";

/** Reads variables from the sources, and collects problems, warnings and the values in effect. */
export class SettingsReader {
  readonly door: Door;
  readonly #layers: readonly Layer[];
  readonly #misspelled: ReadonlySet<string>;
  readonly #problems = new Map<string, Problem>();
  readonly #warnings = new Map<string, Problem>();
  readonly #settings = new Map<string, Setting>();

  /** @param misspelled Variables that unknown names, which are problems already, were probably meant to be. */
  constructor(layers: readonly Layer[], door: Door, misspelled: ReadonlySet<string>) {
    this.#misspelled = misspelled;
    this.#layers = layers;
    this.door = door;
  }

  /** What is wrong, in order and each once: a variable for all groups is read once for each group. */
  get problems(): Problem[] {
    return [...this.#problems.values()];
  }

  /** What is valid but probably not meant, in order and each once. */
  get warnings(): Problem[] {
    return [...this.#warnings.values()];
  }

  /** The values in effect, in the order in which they were read. */
  get settings(): Setting[] {
    return [...this.#settings.values()];
  }

  /** Adds a problem. */
  report(problem: Problem): void {
    this.#problems.set(problem.message, problem);
  }

  /**
   * Adds the problem of a variable that must be set. If an unknown name was probably meant to be it, that problem is
   * enough.
   */
  reportMissing(variable: string, text: string): void {
    if (!this.#misspelled.has(variable)) this.report(problemOf(variable, text));
  }

  /** Adds warnings. */
  warn(warnings: Iterable<Problem>): void {
    for (const warning of warnings) this.#warnings.set(warning.message, warning);
  }

  /** Adds a value in effect that `read` did not add. */
  record(setting: Setting): void {
    this.#settings.set(setting.variable, setting);
  }

  /** Returns the name that a variable has in texts. */
  shownAs(variable: AnyVariable, at: At = {}): string {
    return this.#namesOf(variable, at)[0]!;
  }

  /**
   * Finds the text of a variable. The name for one group goes before the one for all groups, and both before aliases.
   */
  find(variable: AnyVariable, at: At = {}): Found | null {
    for (const name of this.#namesOf(variable, at)) {
      const found = this.#findNamed(name, variable);
      if (found !== null) return found;
    }
    return null;
  }

  #findNamed(name: string, { emptyCounts }: AnyVariable): Found | null {
    for (const layer of this.#layers) {
      const value = layer.values.get(name);
      const text = value?.text.trim();
      if (value === undefined || text === undefined || (text === "" && emptyCounts !== true)) continue;
      return { ...value, variable: name, text };
    }
    return null;
  }

  /** Reads a table of variables, with their fields as keys. */
  readAll<T extends VariableTable>(table: T, at: At = {}): ValuesOf<T> {
    return Object.fromEntries(
      Object.entries(table).map(([field, variable]) => [field, this.read(variable, at)]),
    ) as ValuesOf<T>;
  }

  /**
   * Reads a variable; null if it is unset and has no default. If its value is wrong, reports that and returns the
   * default.
   */
  read<T>(variable: Variable<T>, at: At = {}): T {
    const { kind, secret = false, advice } = variable;
    const name = this.shownAs(variable, at);
    const found = this.find(variable, at);
    if (found !== null) {
      if (variable.older !== undefined) this.#reportBothNames(variable, at);
      const value = kind.parse(found.text);
      if (!(value instanceof Refusal)) {
        this.record({ variable: name, value: kind.format(value), origin: originOf(found, name), secret });
        this.warn((advice?.(value, found.text) ?? []).map((text) => problemOf(found.label, text)));
        return value;
      }
      const shown = secret ? "the value" : quote(found.text);
      this.report(problem(found.variable, `Cannot use ${shown} as ${found.label}: it must be ${value.mustBe}`));
    }
    const { text, origin } = this.#defaultOf(variable);
    if (text === null) {
      this.record({ variable: name, value: "", origin, secret });
      return null as T;
    }
    const value = kind.parse(text);
    if (value instanceof Refusal) throw new Error(`The default ${quote(text)} of ${name} must be ${value.mustBe}`);
    this.record({ variable: name, value: kind.format(value), origin, secret });
    return value;
  }

  /** Reads a variable as `read` does, but lists it among the values in effect only if it is set. */
  readIfSet<T>(variable: Variable<T>, at: At = {}): T {
    if (this.find(variable, at) !== null) return this.read(variable, at);
    return (variable.default === null ? null : variable.kind.parse(variable.default)) as T;
  }

  /** A variable that is set by its older name and its newer one would hide one of the two. */
  #reportBothNames(variable: AnyVariable, at: At): void {
    const { own, older, global, olderGlobal } = this.#scopesOf(variable, at);
    for (const names of [[own, older], [global, olderGlobal]] as const) {
      const both = names.map((name) => name === undefined ? null : this.#findNamed(name, variable));
      if (both.includes(null)) continue;
      const labels = both.map((found) => found!.label).join(" and ");
      this.report(problemOf(labels, "Two names of one variable: set only the first"));
    }
  }

  #defaultOf(variable: AnyVariable): { text: string | null; origin: string } {
    const ofDoor = variable.doorDefaults?.[this.door];
    if (ofDoor !== undefined) return { text: ofDoor, origin: `default of ${DOOR_NAMES[this.door]}` };
    return { text: variable.default, origin: "default" };
  }

  /** Returns every name that may hold a variable's value, the strongest first. */
  #namesOf(variable: AnyVariable, at: At): string[] {
    const { aliases = [], aliasDoor = this.door } = variable;
    const { own, older, global, olderGlobal } = this.#scopesOf(variable, at);
    return [own, older, global, olderGlobal, ...(aliasDoor === this.door ? aliases : [])]
      .filter((name) => name !== undefined);
  }

  /** Returns the names that set a variable for its group, and for all groups. */
  #scopesOf({ name, global, older }: AnyVariable, { number }: At): Record<Scope, string | undefined> {
    const numbered = (each: string | undefined) =>
      each === undefined || !each.includes("<N>")
        ? each
        : number === undefined
        ? undefined
        : each.replace("<N>", String(number));
    return { own: numbered(name), older: numbered(older?.name), global, olderGlobal: older?.global };
  }
}

/** Returns where a value came from, with its name if that is not the one shown. */
export function originOf(found: Found, variable: string): string {
  return found.variable === variable ? found.origin : `${found.origin} (${found.variable})`;
}
