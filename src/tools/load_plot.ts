import { grouped } from "./load_table.ts";
import type { LevelReport, LoadReport } from "./load_test.ts";
import { chooseScale, type Scale } from "./plot_scale.ts";

const WIDTH = 860;
const HEIGHT = 640;
const LEFT = 84;
const RIGHT = 776;
const PANELS = {
  latency: { top: 96, bottom: 330, title: "Latency of good answers (ms)" },
  throughput: { top: 394, bottom: 560, title: "Good answers per second" },
} as const;

type Percentile = "p50" | "p90" | "p95" | "p99";
const PERCENTILES: readonly Percentile[] = ["p50", "p90", "p95", "p99"];
/** Labels at line ends need this much room. */
const LABEL_PX = 14;

/**
 * Light first; the second block is for readers whose system is dark. Colours stay apart for the colour-blind (Okabe and
 * Ito).
 */
const STYLE = `
  svg { --ink: #1c2430; --soft: #5b6675; --line: #d7dce3; --paper: #ffffff; --bad: #c2361c;
    --p50: #0072b2; --p90: #009e73; --p95: #b07800; --p99: #c4447f; --rate: #0072b2; }
  @media (prefers-color-scheme: dark) { svg {
    --ink: #e8ebf0; --soft: #a3adba; --line: #333c48; --paper: #12171e; --bad: #ff7a5c;
    --p50: #56b4e9; --p90: #2fc79a; --p95: #e6b03c; --p99: #f08fc0; --rate: #56b4e9; } }
  text { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: var(--ink); }
  .soft { fill: var(--soft); font-size: 12px; } .title { font-size: 18px; font-weight: 600; }
  .panel { font-weight: 600; }
  .grid { stroke: var(--line); stroke-width: 1; } .axis { stroke: var(--soft); stroke-width: 1; }
  .curve { fill: none; stroke-width: 2.25; stroke-linejoin: round; } .bad { fill: var(--bad); }
  .knee { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 5 4; }`;

/** Draws latency percentiles and throughput over concurrency as an SVG that stands alone, on light and dark paper. */
export function plotSvg(report: LoadReport, about: { readonly title: string; readonly subtitle: string }): string {
  const { levels } = report;
  const x = chooseScale(levels.map((level) => level.concurrency), [LEFT + 20, RIGHT - 20], { fromZero: false });
  const worstMs = Math.max(0, ...levels.map((level) => level.latencyMs.p99));
  const latency = chooseScale([worstMs], [PANELS.latency.bottom, PANELS.latency.top], { fromZero: true });
  const fastest = Math.max(0, ...levels.map((level) => level.throughput));
  const throughput = chooseScale([fastest], [PANELS.throughput.bottom, PANELS.throughput.top], { fromZero: true });
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="t d">`,
    `<title id="t">${escapeXml(about.title)}</title>`,
    `<desc id="d">${escapeXml(describe(report))}</desc>`,
    `<style>${STYLE}\n</style>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" style="fill: var(--paper)"/>`,
    text(LEFT, 34, shorten(about.title, 72), `class="title"`),
    text(LEFT, 55, shorten(about.subtitle, 120), `class="soft"`),
    ...frame(PANELS.latency, latency),
    ...frame(PANELS.throughput, throughput),
    ...legend(),
    ...xAxis(levels, x),
    ...knee(report, x),
    ...PERCENTILES.flatMap((name) =>
      curve(levels.map((level) => [x.at(level.concurrency), latency.at(level.latencyMs[name])]), `var(--${name})`)
    ),
    ...endLabels(levels, x, latency),
    ...curve(levels.map((level) => [x.at(level.concurrency), throughput.at(level.throughput)]), "var(--rate)"),
    "</svg>",
  ];
  return parts.join("\n") + "\n";
}

function frame(panel: { top: number; bottom: number; title: string }, scale: Scale): string[] {
  return [
    text(LEFT, panel.top - 14, panel.title, `class="panel"`),
    ...scale.ticks.flatMap((value) => {
      const y = scale.at(value);
      return [
        `<line class="${value === 0 ? "axis" : "grid"}" x1="${LEFT}" x2="${RIGHT}" y1="${px(y)}" y2="${px(y)}"/>`,
        text(LEFT - 10, y + 4, tickLabel(value), `class="soft" text-anchor="end"`),
      ];
    }),
  ];
}

function xAxis(levels: readonly LevelReport[], x: Scale): string[] {
  const { bottom } = PANELS.throughput;
  let lastLabelAt = -Infinity;
  const labels = levels.flatMap((level) => {
    const at = x.at(level.concurrency);
    const mark = `<line class="axis" x1="${px(at)}" x2="${px(at)}" y1="${bottom}" y2="${bottom + 5}"/>`;
    if (at - lastLabelAt < 30) return [mark];
    lastLabelAt = at;
    return [mark, text(at, bottom + 20, String(level.concurrency), `class="soft" text-anchor="middle"`)];
  });
  const middle = (LEFT + RIGHT) / 2;
  const name = `Concurrency (requests at once${x.isLog ? ", logarithmic" : ""})`;
  return [...labels, text(middle, bottom + 44, name, `text-anchor="middle"`)];
}

function knee(report: LoadReport, x: Scale): string[] {
  if (report.firstLevelWithErrors === null) return [];
  const at = x.at(report.firstLevelWithErrors);
  const toLeft = at > (LEFT + RIGHT) / 2;
  const level = report.levels.find(({ concurrency }) => concurrency === report.firstLevelWithErrors)!;
  const label = `first errors: ${grouped(level.errors)} of ${grouped(level.errors + level.ok)}`;
  return [
    `<line class="knee" x1="${px(at)}" x2="${px(at)}" y1="${PANELS.latency.top}" y2="${PANELS.throughput.bottom}"/>`,
    text(
      toLeft ? at - 8 : at + 8,
      PANELS.latency.bottom + 24,
      label,
      `class="bad" text-anchor="${toLeft ? "end" : "start"}"`,
    ),
  ];
}

function curve(points: readonly (readonly [number, number])[], colour: string): string[] {
  const path = points.map(([x, y]) => `${px(x)},${px(y)}`).join(" ");
  return [
    `<polyline class="curve" points="${path}" style="stroke: ${colour}"/>`,
    ...points.map(([x, y]) => `<circle cx="${px(x)}" cy="${px(y)}" r="3.5" style="fill: ${colour}"/>`),
  ];
}

/** Says what the percentiles mean, for readers who don't live among them. */
function legend(): string[] {
  const y = PANELS.latency.top - 14;
  return PERCENTILES.flatMap((name, index) => {
    const x = RIGHT - 376 + index * 98;
    return [
      `<circle cx="${x}" cy="${y - 4}" r="4" style="fill: var(--${name})"/>`,
      text(x + 9, y, `${name.slice(1)} % below`, `class="soft"`),
    ];
  });
}

/** Names each curve at its end too; labels that would overlap are pushed up. */
function endLabels(levels: readonly LevelReport[], x: Scale, latency: Scale): string[] {
  const last = levels.at(-1);
  if (last === undefined) return [];
  let lowest = Infinity;
  return PERCENTILES.map((name) => {
    lowest = Math.min(latency.at(last.latencyMs[name]) + 4, lowest - LABEL_PX);
    return text(x.at(last.concurrency) + 12, lowest, name, `style="fill: var(--${name}); font-weight: 600"`);
  });
}

function describe(report: LoadReport): string {
  return report.levels.map(({ concurrency, throughput, latencyMs, errors }) =>
    `At concurrency ${concurrency}: ${grouped(throughput)} good answers per second, p50 ${
      latencyMs.p50.toFixed(2)
    } ms, ` +
    `p99 ${latencyMs.p99.toFixed(2)} ms, ${grouped(errors)} errors.`
  ).join(" ");
}

function tickLabel(value: number): string {
  return value >= 1000 || Number.isInteger(value) ? grouped(value) : String(Number(value.toPrecision(4)));
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${px(x)}" y="${px(y)}" ${attributes}>${escapeXml(content)}</text>`;
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function shorten(content: string, most: number): string {
  return content.length <= most ? content : content.slice(0, most - 1) + "…";
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

function escapeXml(content: string): string {
  // deno-lint-ignore no-control-regex
  return content.replace(/[&<>"']/g, (c) => ENTITIES[c]!).replace(/[\u0000-\u001f\u007f]/g, " ");
}
