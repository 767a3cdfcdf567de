import type { Problem } from "../config_error.ts";
import type { Config } from "../model.ts";
import type { SettingsReader } from "../settings_reader.ts";
import type { KnownAlgorithm } from "./known_algorithm.ts";
import type { VariableTable } from "./variable.ts";

/** Variables that belong together: one file in this folder, one table in `docs/configuration.md`. */
export interface Topic {
  /** Marks the place of its table in the docs. */
  readonly name: string;
  readonly variables: VariableTable;
  /** Finds settings that are valid but probably not meant, if it takes more than one variable to see that. */
  readonly adviceOn?: (scene: Scene) => readonly Problem[];
}

/** What advice may look at. */
export interface Scene {
  /** Complete, though it may have problems. */
  readonly config: Config;
  /** Tells which variables are set, and by which source. */
  readonly reader: SettingsReader;
  readonly algorithms: readonly KnownAlgorithm[];
}
