/** Something wrong or odd in the configuration, as one line of text. */
export interface Problem {
  /** The variable, or the file and JSON path (`servers.json: $[1].port`). */
  readonly subject: string;
  /** The whole line, the subject included. */
  readonly message: string;
}

/** Longest piece of a value that a line repeats; a `.env` may hold a whole certificate by mistake. */
const QUOTED_LENGTH = 200;

/** Puts a value in quotes, on one line and without control characters, so that it can't forge lines of a log. */
export function quote(value: string): string {
  const shown = value.length > QUOTED_LENGTH ? `${value.slice(0, QUOTED_LENGTH)}...` : value;
  // JSON leaves DEL, the C1 controls, the two Unicode line ends and the direction marks as they are
  return JSON.stringify(shown).replace(
    /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Makes the problem `Cannot use "70000" as LISTENER_PORT: it must be 1 to 65535`. */
export function cannotUse(value: string, subject: string, mustBe: string): Problem {
  return { subject, message: `Cannot use ${quote(value)} as ${subject}: it must be ${mustBe}` };
}

/** Makes a problem whose text does not name the subject at its front by itself: `SUBJECT: text`. */
export function problemOf(subject: string, text: string): Problem {
  return { subject, message: `${subject}: ${text}` };
}
