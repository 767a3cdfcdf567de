import type { ScenarioResult } from "./measure.ts";
import { rowsOf } from "./report.ts";

const WIDTH = 760;
const LABEL = 190;
const BAR = 18;
const GAP = 7;
const HEAD = 44;

/**
 * Draws the scenarios as bars of CPU time per request (medians of the rounds), with a line from quartile to quartile.
 */
export function chart(results: readonly ScenarioResult[]): string {
  const parts: string[] = [];
  let y = 12;
  for (const result of results) {
    const rows = rowsOf(result);
    const scale = (WIDTH - LABEL - 90) / Math.max(...rows.map((row) => row.cpuMicros.upperQuartile));
    parts.push(`<text x="12" y="${y + 16}" class="title">${escape(result.name)}: ${escape(result.title)}</text>`);
    y += HEAD - 14;
    for (const { name, cpuMicros, ratio } of rows) {
      const at = (micros: number) => (LABEL + micros * scale).toFixed(1);
      const middle = y + BAR / 2;
      const kind = name.startsWith("sluice") ? "bar own" : "bar";
      parts.push(
        `<text x="${LABEL - 8}" y="${middle + 4}" text-anchor="end">${escape(name)}</text>`,
        `<rect x="${LABEL}" y="${y}" width="${
          (cpuMicros.median * scale).toFixed(1)
        }" height="${BAR}" class="${kind}"/>`,
        `<line x1="${at(cpuMicros.lowerQuartile)}" x2="${
          at(cpuMicros.upperQuartile)
        }" y1="${middle}" y2="${middle}" class="span"/>`,
        `<text x="${Number(at(cpuMicros.upperQuartile)) + 6}" y="${middle + 4}">${cpuMicros.median.toFixed(1)} µs, ${
          ratio.median.toFixed(2)
        }</text>`,
      );
      y += BAR + GAP;
    }
    y += 16;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img">
<title>CPU time per proxied request (median and quartiles of the rounds), and its ratio to its group's first</title>
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 }
.bar { fill: #9aa7b4 }
.own { fill: #2f81f7 }
.span { stroke: #1f2328; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .bar { fill: #5b6672 } .span { stroke: #e6edf3 } }
</style>
${parts.join("\n")}
</svg>
`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
