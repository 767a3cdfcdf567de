import { Kind } from "../../http1/field_kind.ts";
import type { TargetRequest } from "../target_request.ts";

/** What of a request its headers are made of. */
export type Headed = Pick<TargetRequest, "host" | "lines" | "own">;

/**
 * Gives a request's headers as the kind of object that `fetch` takes most cheaply: converting pairs makes several
 * arrays and iterators of each (3 KB a request, measured). A name that comes twice is told apart by its capitals, which
 * `fetch` makes small again: two lines of one name reach the target.
 *
 * `identity` goes first among Accept-Encoding, so that `fetch` leaves bodies encoded as they come; the client's own
 * preference follows in a second line. An empty User-Agent stands for none, because `fetch` would send its own.
 */
export function fetchHeaders({ host, lines, own }: Headed): Record<string, string> {
  const record: Record<string, string> = { host, "accept-encoding": "identity" };
  for (let line = 0; line < lines.count; line++) {
    // The body follows unasked: `fetch` knows no 100.
    if (!lines.isDropped(line) && lines.kind(line) !== Kind.Expect) add(record, lines.name(line), lines.value(line));
  }
  for (const [name, value] of own) add(record, name.toLowerCase(), value);
  if (!("user-agent" in record)) record["user-agent"] = "";
  return record;
}

function add(record: Record<string, string>, name: string, value: string): void {
  if (name === "__proto__") Object.defineProperty(record, name, { value, enumerable: true });
  else if (!(name in record)) record[name] = value;
  else addAgain(record, name, value);
}

function addAgain(record: Record<string, string>, name: string, value: string): void {
  const again = name.charAt(0).toUpperCase() + name.slice(1);
  // A third of one name, or one without letters: joined, which means the same (RFC 9110 section 5.2).
  if (again !== name && !Object.hasOwn(record, again)) record[again] = value;
  else record[name] = Object.hasOwn(record, name) ? `${record[name]}, ${value}` : value;
}
