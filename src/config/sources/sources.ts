/** A file of configuration: its text, or why it can't be read (`there is no such file`). */
export type SourceFile =
  | { readonly path: string; readonly text: string }
  | { readonly path: string; readonly error: string };

/** The flags of `serve` that set variables, as written. */
export interface Flags {
  readonly host?: string;
  readonly port?: string;
  /** A bare number is seconds; below 1 it is raised to 1, with a warning. */
  readonly interval?: string;
  readonly targets?: string;
  readonly algorithm?: string;
}

/** All sources of configuration, the strongest first. */
export interface Sources {
  readonly flags: Flags;
  readonly environment: Readonly<Record<string, string>>;
  /** `./.env` or the file of `--env-file`; null if neither is there. */
  readonly envFile: SourceFile | null;
  /** The file of `--config`; null without the flag. */
  readonly configFile: SourceFile | null;
}

/** The value that wins for a variable, and its source. */
export interface Found {
  /** The name that it was set by: the variable itself, its name for all groups, or an alias. */
  readonly variable: string;
  /** Trimmed; empty only if empty values count for the variable. */
  readonly text: string;
  /** As `check` prints it: `environment`, `flag --port`, `.env:3`. */
  readonly origin: string;
  /** As a problem names it: `LISTENER_PORT`, `--port (LISTENER_PORT)`, `LISTENER_PORT (.env:3)`. */
  readonly label: string;
  /** The value goes on behind it with `#{`, which began a comment. */
  readonly cut?: boolean;
}

/** What a source says of a variable. */
export interface Value {
  readonly text: string;
  readonly origin: string;
  readonly label: string;
  readonly cut?: boolean;
}

/** One source, as a map from variable to value. */
export interface Layer {
  readonly kind: "flags" | "environment" | "env_file";
  readonly values: ReadonlyMap<string, Value>;
}
