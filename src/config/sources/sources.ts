/** A file that was asked for: its text, or why it could not be read (`no such file`). */
export type SourceFile =
  | { readonly path: string; readonly text: string }
  | { readonly path: string; readonly error: string };

/** The flags of `serve` that hold configuration, as written. */
export interface Flags {
  readonly host?: string;
  readonly port?: string;
  /** A bare number is seconds; below 1 it is raised to 1, with a warning. */
  readonly interval?: string;
  readonly targets?: string;
  readonly algorithm?: string;
}

/** Everything that configuration is read from, strongest first. */
export interface Sources {
  readonly flags: Flags;
  readonly environment: Readonly<Record<string, string>>;
  /** `./.env` or the file of `--env-file`; null where there is no `./.env` and none was asked for. */
  readonly envFile: SourceFile | null;
  /** The file of `--config`; null where the flag was not given. */
  readonly configFile: SourceFile | null;
}

/** The one value that counts for a variable, and where it stood. */
export interface Found {
  /** The name that held it: the variable itself, a weaker name for it, or an alias. */
  readonly variable: string;
  /** Trimmed; empty only for a variable whose empty value counts. */
  readonly text: string;
  /** As `check` prints it: `environment`, `flag --port`, `.env:3`. */
  readonly origin: string;
  /** As a problem names it: `LISTENER_PORT`, `--port (LISTENER_PORT)`, `LISTENER_PORT (.env:3)`. */
  readonly label: string;
}

/** One source, as a map from variable to value. */
export interface Layer {
  readonly kind: "flags" | "environment" | "env_file";
  readonly values: ReadonlyMap<string, { readonly text: string; readonly origin: string; readonly label: string }>;
}
