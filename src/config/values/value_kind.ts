import { quote } from "../../logging/shown_text.ts";

/** Says that a text is no value of its kind. */
export class Refusal {
  /** What is allowed, so that "it must be " can stand before it. */
  readonly mustBe: string;

  constructor(mustBe: string) {
    this.mustBe = mustBe;
  }
}

/** A kind of value: how to read it, and how to write it so that it reads back the same. */
export interface ValueKind<T> {
  /** Called with the text trimmed, never empty. Must not throw. */
  readonly parse: (text: string) => T | Refusal;
  readonly format: (value: T) => string;
}

/** Makes the kind of whole numbers from `least` to `most`. */
export function integer(least: number, most: number, what = ""): ValueKind<number> {
  const mustBe = `${what === "" ? "" : `${what}, `}${least} to ${most}`;
  return {
    parse: (text) => {
      // digits only: Number() would also take "1e3", "0x10" and " "
      const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
      return value >= least && value <= most ? value : new Refusal(mustBe);
    },
    format: String,
  };
}

/** A TCP port to connect to. */
export const PORT: ValueKind<number> = integer(1, 65535);

/** A TCP port to listen on, where 0 takes a free one. */
export const LISTEN_PORT: ValueKind<number> = integer(0, 65535);

/** `true` or `false` in any case, `1` or `0`. */
export const BOOLEAN: ValueKind<boolean> = {
  parse: (text) => {
    const lower = text.toLowerCase();
    if (lower === "true" || lower === "1") return true;
    if (lower === "false" || lower === "0") return false;
    return new Refusal("true, false, 1 or 0");
  },
  format: String,
};

/** Makes the kind of a closed list of lower-case words, read in any case. */
export function oneOf<T extends string>(words: readonly T[]): ValueKind<T> {
  return {
    parse: (text) => words.find((word) => word === text.toLowerCase()) ?? new Refusal(`one of ${words.join(", ")}`),
    format: String,
  };
}

/** Makes the kind that is either one word (`auto`, `off`), or a value of another kind. */
export function orWord<W extends string, T>(word: W, kind: ValueKind<T>): ValueKind<T | W> {
  return {
    parse: (text) => {
      if (text.toLowerCase() === word) return word;
      const value = kind.parse(text);
      return value instanceof Refusal ? new Refusal(`${word} or ${value.mustBe}`) : value;
    },
    format: (value) => (value === word ? word : kind.format(value as T)),
  };
}

/** Makes the kind of a comma list; empty pieces are passed over, so that a comma at the end does no harm. */
export function listOf<T>(kind: ValueKind<T>): ValueKind<readonly T[]> {
  return {
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

/** Cuts a comma list into its pieces, trimmed, without the empty ones. */
export function splitList(text: string): string[] {
  return text.split(",").map((piece) => piece.trim()).filter((piece) => piece !== "");
}

/** Shortest secret that is not called weak. */
export const SHORTEST_SECRET = 16;

/** A secret that travels in a header: visible ASCII without spaces. */
export const SECRET: ValueKind<string> = {
  parse: (text) => (/^[\x21-\x7e]+$/.test(text) ? text : new Refusal("visible ASCII characters without spaces")),
  format: String,
};
