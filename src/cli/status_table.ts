import { shown } from "../logging/shown_text.ts";
import { textTable } from "../logging/text_table.ts";

/** How well a row is: what its colour says. */
export type Level = "good" | "warn" | "bad" | "plain";

/** A row of the status table: a group or a target. */
export interface StatusRow {
  /** By the columns of {@linkcode HEAD}. */
  readonly cells: readonly string[];
  readonly level: Level;
  /** Empty if there is nothing to say. */
  readonly why: string;
}

/** Where the text goes. */
export interface StatusScreen {
  /** Characters of a line; null if lines may be of any length. */
  readonly columns: number | null;
  readonly color: boolean;
}

const HEAD = ["", "STATE", "FOR", "IN FLIGHT", "ATTEMPTS", "ERRORS", "RETRIES", "P50", "P99"] as const;
const STATE = 1;
const RIGHT = [2, 3, 4, 5, 6, 7, 8];
/** The order in which columns are left out if a line is too long; the name and the state stay. */
const DISPENSABLE = ["P50", "RETRIES", "P99", "IN FLIGHT", "ATTEMPTS", "ERRORS", "FOR"] as const;
const WHY_INDENT = "    ";
const COLORS: Readonly<Record<Level, string | null>> = { good: "32", warn: "33", bad: "31", plain: null };

/**
 * Lays the rows out. If they don't fit, columns of numbers go one after the other, and each WHY stands on lines of its
 * own below its target: it is what one looks for.
 */
export function statusTable(rows: readonly StatusRow[], { columns, color }: StatusScreen): string[] {
  const left = HEAD.map((_, column) => column);
  let { lines, width, stateAt } = table(rows, left);
  const whole = textTable([[...HEAD, "WHY"], ...rows.map(({ cells, why }) => [...cells, why])], { right: RIGHT });
  if (columns === null || whole.every((line) => line.length <= columns)) {
    return whole.map((line, index) => index === 0 ? line : colored(line, rows[index - 1]!, stateAt, color));
  }
  for (const name of DISPENSABLE) {
    if (width <= columns) break;
    left.splice(left.indexOf(HEAD.indexOf(name)), 1);
    ({ lines, width, stateAt } = table(rows, left));
  }
  const [head, ...others] = lines.map((line) => line.slice(0, columns));
  return [
    head!,
    ...others.flatMap((line, index) => [
      colored(line, rows[index]!, stateAt, color),
      ...rows[index]!.why === "" ? [] : wrapped(shown(rows[index]!.why), columns, WHY_INDENT),
    ]),
  ];
}

/** Breaks a text into lines between words, and long words anywhere. */
export function wrapped(text: string, columns: number, indent = ""): string[] {
  const room = Math.max(1, columns - indent.length);
  const lines: string[] = [];
  let line = "";
  for (let word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > room) {
      lines.push(line);
      line = "";
    }
    for (; word.length > room; word = word.slice(room)) lines.push(word.slice(0, room));
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => indent + each);
}

/** Puts a text into a colour of the terminal. */
export function inColor(text: string, level: Level, color: boolean): string {
  const code = COLORS[level];
  return !color || code === null ? text : `\x1b[${code}m${text}\x1b[0m`;
}

function table(rows: readonly StatusRow[], columns: readonly number[]) {
  const cells = [HEAD as readonly string[], ...rows.map((row) => row.cells)];
  const lines = textTable(cells.map((row) => columns.map((column) => row[column] ?? "")), {
    right: RIGHT.map((column) => columns.indexOf(column)),
  });
  return {
    lines,
    width: lines.reduce((most, line) => Math.max(most, line.length), 0),
    stateAt: cells.reduce((most, row) => Math.max(most, shown(row[0] ?? "").length), 0) + 2,
  };
}

function colored(line: string, { cells, level }: StatusRow, stateAt: number, color: boolean): string {
  const end = stateAt + shown(cells[STATE]!).length;
  return line.slice(0, stateAt) + inColor(line.slice(stateAt, end), level, color && line.length > stateAt) +
    line.slice(end);
}
