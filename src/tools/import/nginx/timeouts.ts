import { parseDuration } from "../../../config/values/duration.ts";
import type { Collector } from "../output/collector.ts";
import { type Directive, originOf } from "./directives.ts";
import { type Blocks, durationText, effective } from "./values.ts";

/** Longer waits than this need STREAM_IDLE_TIMEOUT too: it is sluice's default for that. */
const DEFAULT_IDLE_MS = 300_000;

/** Reads how long targets may take. */
export function readTimeouts(blocks: Blocks, found: Collector): void {
  for (const each of effective(blocks, "proxy_connect_timeout")) time(each, "CONNECT_TIMEOUT");
  for (const each of effective(blocks, "proxy_read_timeout")) {
    const value = time(each, "CONNECTION_TIMEOUT");
    // nginx waits as long between two pieces of a response.
    if (value !== null && parseDuration(value)! > DEFAULT_IDLE_MS) {
      found.setMost("STREAM_IDLE_TIMEOUT", value, originOf(each));
    }
  }
  for (const each of effective(blocks, "proxy_send_timeout")) {
    found.needless(originOf(each), "STREAM_IDLE_TIMEOUT holds for both directions");
  }

  function time(each: Directive, variable: string): string | null {
    const value = durationText(each.args[0] ?? "");
    if (value === null) found.lose(originOf(each), "this is no time");
    else found.setMost(variable, value, originOf(each));
    return value;
  }
}
