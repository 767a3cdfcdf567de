import { quote, shown } from "../logging/shown_text.ts";

/** Something wrong or odd in the configuration, as one line of text. */
export interface Problem {
  /** The variable, or the file and JSON path (`servers.json: $[1].port`). */
  readonly subject: string;
  /** The whole line, the subject included. */
  readonly message: string;
}

/** Makes a problem or warning; names and paths in it are shown as text, whatever they hold. */
export function problem(subject: string, message: string): Problem {
  return { subject: shown(subject), message: shown(message) };
}

/** Makes the problem `Cannot use "70000" as LISTENER_PORT: it must be 1 to 65535`. */
export function cannotUse(value: string, subject: string, mustBe: string): Problem {
  return problem(subject, `Cannot use ${quote(value)} as ${subject}: it must be ${mustBe}`);
}

/** Makes a problem whose text does not name the subject at its front by itself: `SUBJECT: text`. */
export function problemOf(subject: string, text: string): Problem {
  return problem(subject, `${subject}: ${text}`);
}
