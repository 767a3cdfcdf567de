import type { StatusRange } from "../model.ts";
import { Refusal, splitList, type ValueKind } from "./value_kind.ts";

/** Which statuses count as success: single ones and inclusive ranges (`200-299,301`). */
export const STATUS_MATCHER: ValueKind<readonly StatusRange[]> = {
  words: "statuses and ranges",
  parse: (text) => {
    const ranges: StatusRange[] = [];
    for (const piece of splitList(text)) {
      const match = /^(\d{3})(?:\s*-\s*(\d{3}))?$/.exec(piece);
      const from = Number(match?.[1]);
      const to = Number(match?.[2] ?? match?.[1]);
      if (!(from >= 100 && from <= to && to <= 599)) return refusal();
      ranges.push({ from, to });
    }
    return ranges.length === 0 ? refusal() : ranges;
  },
  format: (ranges) => ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(","),
};

function refusal(): Refusal {
  return new Refusal("statuses from 100 to 599 and ranges of them, such as 200-299,301");
}
