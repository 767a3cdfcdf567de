/**
 * A Markdown table, readable on a terminal too. The first line is its head, the first column stands left, the others
 * right.
 */
export function markdownTable(lines: readonly (readonly string[])[]): string[] {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const rule = widths.map((width, i) => i === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`);
  const shown = lines.map((line) =>
    `| ${line.map((cell, i) => i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join(" | ")} |`
  );
  return [shown[0]!, `|${rule.join("|")}|`, ...shown.slice(1)];
}

/** The heading under which a document keeps the tables. */
const RESULTS_HEADING = "## The last runs";

/**
 * Puts sections (`### name: title` and what follows) under the document's "The last runs", each in the place of the old
 * one of the same name, new ones behind them. What stands above the first section and below the next `##` is left as it
 * is.
 */
export function withSections(document: string, sections: readonly string[]): string {
  const start = document.indexOf(`${RESULTS_HEADING}\n`);
  if (start === -1) throw new Error(`Cannot find the heading "${RESULTS_HEADING}" in the document`);
  const next = document.indexOf("\n## ", start);
  const end = next === -1 ? document.length : next + 1;
  const [head = "", ...kept] = document.slice(start, end).split(/^(?=### )/m);
  for (const section of sections) {
    const place = kept.findIndex((old) => nameOf(old) === nameOf(section));
    const text = `${section.trimEnd()}\n\n`;
    if (place === -1) kept.push(text);
    else kept[place] = text;
  }
  return `${document.slice(0, start)}${head.trimEnd()}\n\n${kept.map((old) => `${old.trimEnd()}\n\n`).join("")}${
    document.slice(end)
  }`.trimEnd() + "\n";
}

function nameOf(section: string): string {
  return /^### ([^:\n]*)/.exec(section)?.[1] ?? "";
}
