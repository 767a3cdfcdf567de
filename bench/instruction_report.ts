import type { CountPace, CountResult } from "./count_instructions.ts";
import { markdownTable } from "./markdown.ts";
import { median } from "./statistics.ts";

/** What the counts don't say, for a reader of the table. */
const BLIND_SPOTS =
  "Counted are the instructions of the process itself, of all its threads. What the kernel does for it (sockets, " +
  "memory), cache misses, mispredicted branches and waiting are not in it.";

/**
 * Instructions per request in each window, without what the process does at rest too: under valgrind requests come so
 * slowly that a second's timers, spread over its few requests, would look like a part of their cost.
 */
export function perRequest({ windows, atRestPerSecond }: CountResult): number[] {
  return windows.map(({ requests, instructions, seconds }) => (instructions - atRestPerSecond * seconds) / requests);
}

/** The counts as a Markdown section. The ratio of a window is to the median of its base's windows. */
export function instructionTable(results: readonly CountResult[], pace: CountPace): string {
  const count = Math.max(...results.map(({ windows }) => windows.length));
  const windows = Array.from({ length: count }, (_, i) => i);
  const lines = markdownTable([
    [
      "",
      ...windows.map((i) => `window ${i + 1}`),
      "to bare fetch",
      "compared with",
      "ratio to that",
      "at rest, a second",
      "warm-up requests",
    ],
    ...results.map((result) => [
      result.errors > 0 ? `${result.title} (${result.errors} errors)` : result.title,
      ...perRequest(result).map((value) => Math.round(value).toLocaleString("en")),
      ratios(result, results, "bare-fetch"),
      result.base === "bare-fetch" ? "" : results.find(({ name }) => name === result.base)?.title ?? "-",
      result.base === "bare-fetch" ? "" : ratios(result, results, result.base),
      Math.round(result.atRestPerSecond).toLocaleString("en"),
      result.warmUpRequests.toLocaleString("en"),
    ]),
  ]);
  const requests = results.flatMap((result) => result.windows.map((window) => window.requests));
  const how =
    `Instructions per request in windows of ${pace.window.seconds} s or more, ${pace.connections} connections, ` +
    `${Math.min(...requests).toLocaleString("en")} to ${
      Math.max(...requests).toLocaleString("en")
    } requests each, less what ` +
    "the process does in the same time at rest.";
  return [
    "### instructions: user-space instructions per request, counted by callgrind",
    "",
    ...lines,
    "",
    how,
    "",
    BLIND_SPOTS,
    "",
  ].join("\n");
}

function ratios(result: CountResult, all: readonly CountResult[], base: string): string {
  const to = all.find(({ name }) => name === base);
  if (to === undefined) return "-";
  const one = median(perRequest(to));
  return perRequest(result).map((value) => (value / one).toFixed(2)).join(" / ");
}
