import { quote } from "../logging/shown_text.ts";
import type { Decision } from "../views/decision.ts";
import { type Reason, REASON_NAMES } from "../state/reason.ts";

/** Which decisions a reader wants. */
export interface DecisionsQuery {
  /** Tells whether a decision is one of them. */
  readonly matches: (decision: Decision) => boolean;
  /** At most so many, the newest. */
  readonly limit: number;
}

/** What each parameter asks of a decision; a test of the value, or what is wrong with it. */
const FILTERS: Readonly<Record<string, (value: string) => ((decision: Decision) => boolean) | string>> = {
  id: (value) => ({ id }) => id === value,
  group: (value) => ({ group }) => group === value,
  target: (value) => ({ attempts }) => attempts.some(({ target }) => target === value),
  reason: (value) =>
    REASON_NAMES.includes(value as Reason)
      ? ({ reason }) => reason === value
      : `it must be one of ${REASON_NAMES.join(", ")}`,
  status: (value) => {
    if (!/^[1-9](?:\d\d|xx)$/i.test(value)) return "it must be a status like 502 or a class like 5xx";
    const digits = value.replace(/x+$/i, "");
    return ({ status }) => String(status).startsWith(digits);
  },
};

/** Reads `?id=&status=&reason=&group=&target=&limit=`; returns what is wrong with it as text. */
export function parseDecisionsQuery(query: URLSearchParams): DecisionsQuery | string {
  const tests: ((decision: Decision) => boolean)[] = [];
  let limit = Infinity;
  for (const name of new Set(query.keys())) {
    const [value = "", ...others] = query.getAll(name);
    if (others.length > 0) return `Cannot use ${quote(name)} twice`;
    if (name === "limit") {
      if (!/^\d{1,6}$/.test(value)) return `Cannot use ${quote(value)} as limit: it must be 0 to 999999`;
      limit = Number(value);
      continue;
    }
    if (!Object.hasOwn(FILTERS, name)) {
      const known = [...Object.keys(FILTERS), "limit"].join(", ");
      return `Cannot use ${quote(name)}: the parameters are ${known}`;
    }
    const test = FILTERS[name]!(value);
    if (typeof test === "string") return `Cannot use ${quote(value)} as ${name}: ${test}`;
    tests.push(test);
  }
  return { limit, matches: (decision) => tests.every((test) => test(decision)) };
}
