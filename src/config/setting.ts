import { MASK } from "../logging/secrets.ts";

/** One value in effect, and its source. */
export interface Setting {
  /** The variable, or the place of a server in the servers file (`servers.json: $[1]`). */
  readonly variable: string;
  /** As an operator would write it; empty if it is unset. Never print it: use `shownValue`. */
  readonly value: string;
  /**
   * `flag --port`, `environment`, `.env:3`, `default`, ...; followed by the name in brackets if it came by another
   * name.
   */
  readonly origin: string;
  readonly secret: boolean;
}

/** Returns the value, or the mask if it is secret. */
export function shownValue(setting: Pick<Setting, "value" | "secret">): string {
  return setting.secret && setting.value !== "" ? MASK : setting.value;
}
