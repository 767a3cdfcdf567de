import { quote } from "../../logging/shown_text.ts";

/** Says that a text is not a value of its kind. */
export class Refusal {
  /** What is allowed, as the end of "it must be ". */
  readonly mustBe: string;

  constructor(mustBe: string) {
    this.mustBe = mustBe;
  }
}

/** A kind of value: how to parse it, and how to write it so that it parses to the same value. */
export interface ValueKind<T> {
  /** What the docs call it, with the unit: `duration, ms`. */
  readonly words: string;
  /** Must not throw. The text is trimmed, and not empty unless empty texts count for the variable. */
  readonly parse: (text: string) => T | Refusal;
  readonly format: (value: T) => string;
}

/** Makes the kind of whole numbers from `least` to `most`; `words` says what it counts. */
export function integer(least: number, most: number, words = "number"): ValueKind<number> {
  const mustBe = `${least} to ${most}`;
  return {
    words,
    parse: (text) => {
      // digits only: Number() would also take "1e3", "0x10" and " "
      const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
      return value >= least && value <= most ? value : new Refusal(mustBe);
    },
    format: String,
  };
}

/** A TCP port to connect to. */
export const PORT: ValueKind<number> = integer(1, 65535, "port");

/** A TCP port to listen on, where 0 takes a free one. */
export const LISTEN_PORT: ValueKind<number> = integer(0, 65535, "port");

/** `true` or `false` in any case, `1` or `0`. */
export const BOOLEAN: ValueKind<boolean> = {
  words: "boolean",
  parse: (text) => {
    const lower = text.toLowerCase();
    if (lower === "true" || lower === "1") return true;
    if (lower === "false" || lower === "0") return false;
    return new Refusal("true, false, 1 or 0");
  },
  format: String,
};

/** Makes the kind of a fixed list of lower-case words; values may be in any case. */
export function oneOf<T extends string>(allowed: readonly T[]): ValueKind<T> {
  const quoted = allowed.map((word) => `\`${word}\``);
  return {
    words: `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`,
    parse: (text) => allowed.find((word) => word === text.toLowerCase()) ?? new Refusal(`one of ${allowed.join(", ")}`),
    format: String,
  };
}

/** Makes the kind of any text, for what its own parser takes apart. */
export function anyText(words: string): ValueKind<string> {
  return { words, parse: (text) => text, format: String };
}

/** Makes the kind of values that may be empty. */
export function orEmpty(kind: ValueKind<string>): ValueKind<string> {
  return { ...kind, parse: (text) => text === "" ? "" : kind.parse(text) };
}

/** Makes the kind that is either null, for one word (`off`), or a value of another kind. */
export function orNullFor<T>(word: string, kind: ValueKind<T>): ValueKind<T | null> {
  const { words, parse, format } = orWord(word, kind);
  return {
    words,
    parse: (text) => {
      const value = parse(text);
      return value === word ? null : value as T | Refusal;
    },
    format: (value) => value === null ? word : format(value),
  };
}

/** Makes the kind that is either one word (`auto`, `off`) or a value of another kind. */
export function orWord<W extends string, T>(word: W, kind: ValueKind<T>): ValueKind<T | W> {
  return {
    words: `${kind.words}, or \`${word}\``,
    parse: (text) => {
      if (text.toLowerCase() === word) return word;
      const value = kind.parse(text);
      return value instanceof Refusal ? new Refusal(`${word} or ${value.mustBe}`) : value;
    },
    format: (value) => (value === word ? word : kind.format(value as T)),
  };
}

/** Makes the kind of a comma list; empty pieces are ignored, so that a comma at the end does no harm. */
export function listOf<T>(kind: ValueKind<T>, words: string): ValueKind<readonly T[]> {
  return {
    words,
    parse: (text) => {
      const values: T[] = [];
      for (const piece of splitList(text)) {
        const value = kind.parse(piece);
        if (value instanceof Refusal) {
          return new Refusal(`a comma list of ${value.mustBe} (${quote(piece)} is not)`);
        }
        values.push(value);
      }
      return values;
    },
    format: (values) => values.map(kind.format).join(","),
  };
}

/** Splits a comma list into its pieces, trimmed, without the empty ones. */
export function splitList(text: string): string[] {
  return text.split(",").map((piece) => piece.trim()).filter((piece) => piece !== "");
}

/** Characters of the shortest secret without a warning. */
export const SHORTEST_SECRET = 16;

/** A secret that a header can hold: visible ASCII without spaces. */
export const SECRET: ValueKind<string> = {
  words: "text",
  parse: (text) => (/^[\x21-\x7e]+$/.test(text) ? text : new Refusal("visible ASCII characters without spaces")),
  format: String,
};
