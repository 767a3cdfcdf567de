/** One effective value, and where it came from. */
export interface Setting {
  /** The variable, or for a server of the servers file its place (`servers.json: $[1]`). */
  readonly variable: string;
  /** As one would write it; empty where it is unset and has no default. Printed through `shownValue` only. */
  readonly value: string;
  /** `flag --port`, `environment`, `.env:3`, `default`, `default of the backend list` ...; with the name in brackets where another held it. */
  readonly origin: string;
  readonly secret: boolean;
}

/** Gives the value as anybody may see it: a secret one as stars that don't tell its length. */
export function shownValue(setting: Setting): string {
  return setting.secret && setting.value !== "" ? "********" : setting.value;
}
