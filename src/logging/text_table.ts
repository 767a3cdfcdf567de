import { shown } from "./shown_text.ts";

/** How a table is laid out. */
export interface TableLayout {
  /** Columns that are numbers and stand to the right, by index. */
  readonly right?: readonly number[];
  /** Before each line. */
  readonly indent?: string;
  /** A column is no wider than this many characters: a longer cell moves only its own line. */
  readonly widest?: number;
}

/**
 * Lays rows out in columns, each as wide as its widest cell, every cell shown; nothing is padded at the end of a line.
 */
export function textTable(
  texts: readonly (readonly string[])[],
  { right = [], indent = "", widest = Infinity }: TableLayout = {},
): string[] {
  const rows = texts.map((row) => row.map(shown));
  const columns = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const widths = Array.from(
    { length: columns },
    (_, column) => Math.min(widest, rows.reduce((most, row) => Math.max(most, (row[column] ?? "").length), 0)),
  );
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      return right.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!);
    });
    return (indent + cells.join("  ")).trimEnd();
  });
}
