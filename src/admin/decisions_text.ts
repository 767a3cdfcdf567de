import { shownLines } from "../logging/shown_text.ts";
import type { Decision } from "../views/decision.ts";

/** Decisions that are written in one turn of the event loop: below 1 ms. */
const DECISIONS_AT_ONCE = 50;

/** What was written: who asks at the same time gets the same decisions. */
const texts = new WeakMap<Decision, string>();

/**
 * Writes decisions as JSON, piece by piece, so that thousands hold up nothing else of the thread. What could drive a
 * terminal is escaped.
 */
export function* decisionsPieces(decisions: readonly Decision[]): Generator<string, void, void> {
  yield '{\n  "decisions": [';
  for (let from = 0; from < decisions.length; from += DECISIONS_AT_ONCE) {
    yield (from === 0 ? "" : ",") + decisions.slice(from, from + DECISIONS_AT_ONCE).map(textOf).join(",");
  }
  yield decisions.length === 0 ? "]\n}\n" : "\n  ]\n}\n";
}

function textOf(decision: Decision): string {
  let text = texts.get(decision);
  if (text === undefined) {
    text = shownLines(`\n${JSON.stringify(decision, null, 2)}`.replaceAll("\n", "\n    "));
    texts.set(decision, text);
  }
  return text;
}
