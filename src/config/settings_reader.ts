import { type Problem, problem, problemOf } from "./config_error.ts";
import { quote } from "../logging/shown_text.ts";
import type { Door } from "./model.ts";
import type { Setting } from "./setting.ts";
import type { Found, Layer } from "./sources/sources.ts";
import { Refusal, type ValueKind } from "./values/value_kind.ts";
import { definitionOf, type VariableName } from "./variables/variables.ts";

/** Which rule or group a numbered variable belongs to. */
export interface At {
  /** Unset for the one group of a door without numbers, whose variables are the global ones. */
  readonly number?: number;
  /** A default that depends on other values, instead of the list's. */
  readonly default?: string;
}

const DOOR_NAMES: Readonly<Record<Door, string>> = {
  groups: "the groups",
  backend_list: "the backend list",
  servers_file: "the servers file",
  nothing: "nothing configured",
};

/** Reads variables out of the layers, and collects problems and effective values on the way. */
export class SettingsReader {
  readonly door: Door;
  /** What is odd, in order. */
  readonly warnings: Problem[] = [];
  readonly #layers: readonly Layer[];
  readonly #misspelled: ReadonlySet<string>;
  readonly #problems = new Map<string, Problem>();
  readonly #settings = new Map<string, Setting>();

  /** @param misspelled Variables that unknown ones, which are problems already, were likely meant to be. */
  constructor(layers: readonly Layer[], door: Door, misspelled: ReadonlySet<string>) {
    this.#misspelled = misspelled;
    this.#layers = layers;
    this.door = door;
  }

  /** What was wrong, once each: a global variable is read for every group. */
  get problems(): Problem[] {
    return [...this.#problems.values()];
  }

  get settings(): Setting[] {
    return [...this.#settings.values()];
  }

  /** Adds a problem that a kind of value can't know. */
  report(problem: Problem): void {
    this.#problems.set(problem.message, problem);
  }

  /** Adds the problem of a variable that must be set, unless a misspelled one stands for it, which was reported. */
  reportMissing(variable: string, text: string): void {
    if (!this.#misspelled.has(variable)) this.report(problemOf(variable, text));
  }

  /** Adds warnings, as many as there may be. */
  warn(warnings: Iterable<Problem>): void {
    for (const warning of warnings) this.warnings.push(warning);
  }

  /** Adds an effective value that no `read` added. */
  record(setting: Setting): void {
    this.#settings.set(setting.variable, setting);
  }

  /** Says under which name a value is shown and asked for. */
  shownAs(name: VariableName, at: At = {}): string {
    return this.#namesOf(name, at)[0]!;
  }

  /** Finds the text of a variable. A name for one group goes before the one for all, and both before the aliases. */
  find(name: VariableName, at: At = {}): Found | null {
    const { emptyCounts } = definitionOf(name);
    for (const variable of this.#namesOf(name, at)) {
      for (const layer of this.#layers) {
        const value = layer.values.get(variable);
        const text = value?.text.trim();
        if (value === undefined || text === undefined || (text === "" && emptyCounts !== true)) continue;
        return { variable, text, origin: value.origin, label: value.label };
      }
    }
    return null;
  }

  /** Reads a variable that has a default. */
  read<T>(name: VariableName, kind: ValueKind<T>, at: At = {}): T {
    return this.readOptional(name, kind, at) as T;
  }

  /** Reads a variable; null where it is unset and has no default. A wrong value is reported, and the default is given. */
  readOptional<T>(name: VariableName, kind: ValueKind<T>, at: At = {}): T | null {
    const { secret = false, emptyCounts } = definitionOf(name);
    const variable = this.shownAs(name, at);
    const found = this.find(name, at);
    if (found !== null && !(emptyCounts === true && found.text === "")) {
      const value = kind.parse(found.text);
      if (!(value instanceof Refusal)) {
        this.#settings.set(variable, {
          variable,
          value: kind.format(value),
          origin: originOf(found, variable),
          secret,
        });
        return value;
      }
      const shown = secret ? "the value" : quote(found.text);
      const message = `Cannot use ${shown} as ${found.label}: it must be ${value.mustBe}`;
      this.report(problem(found.variable, message));
    }
    const { text, origin } = this.#defaultOf(name, at);
    const value = text === null || text === "" ? null : kind.parse(text);
    if (value instanceof Refusal) throw new Error(`The default ${quote(text!)} of ${name} must be ${value.mustBe}`);
    const formatted = value === null ? "" : kind.format(value);
    this.#settings.set(variable, {
      variable,
      value: formatted,
      origin: found?.text === "" ? originOf(found, variable) : origin,
      secret,
    });
    return value;
  }

  #defaultOf(name: VariableName, at: At): { text: string | null; origin: string } {
    const definition = definitionOf(name);
    const ofDoor = definition.doorDefaults?.[this.door];
    if (ofDoor !== undefined) return { text: ofDoor, origin: `default of ${DOOR_NAMES[this.door]}` };
    return { text: at.default ?? definition.default, origin: "default" };
  }

  /** Every name that may hold a variable's value, the one that counts most first. */
  #namesOf(name: VariableName, at: At): string[] {
    const { global, aliases = [] } = definitionOf(name);
    const usable = aliases.filter((alias) => alias !== "HOST" || this.door === "backend_list");
    const own = name.includes("<N>")
      ? (at.number === undefined ? [] : [name.replace("<N>", String(at.number))])
      : [name as string];
    return [...own, ...(global === undefined ? [] : [global]), ...usable];
  }
}

/** Says where a value stood, with the name where it is not the one that is shown. */
export function originOf(found: Found, variable: string): string {
  return found.variable === variable ? found.origin : `${found.origin} (${found.variable})`;
}
