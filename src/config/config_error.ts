import { quote, shown } from "../logging/shown_text.ts";

/** A problem or warning about the configuration, as one line of text. */
export interface Problem {
  /** The variable, or the file and JSON path (`servers.json: $[1].port`). */
  readonly subject: string;
  /** The whole line, the subject included. */
  readonly message: string;
}

/** Makes a problem or warning; control characters in names and paths are escaped. */
export function problem(subject: string, message: string): Problem {
  return { subject: shown(subject), message: shown(message) };
}

/** Makes the problem `Cannot use "70000" as LISTENER_PORT: it must be 1 to 65535`. */
export function cannotUse(value: string, subject: string, mustBe: string): Problem {
  return problem(subject, `Cannot use ${quote(value)} as ${subject}: it must be ${mustBe}`);
}

/** Makes the problem `SUBJECT: text`. */
export function problemOf(subject: string, text: string): Problem {
  return problem(subject, `${subject}: ${text}`);
}
