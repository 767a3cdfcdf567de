import { header } from "./raw_message.ts";
import type { WireStage } from "./wire_stage.ts";

/** The headers of the last request at the first target, as lines with small names, without `via`. */
export function seenHeaders(stage: WireStage): string[] {
  return stage.target.requests.at(-1)!.headers.map(([name, value]) => `${name.toLowerCase()}: ${value}`)
    .filter((line) => !line.startsWith("via:"));
}

/** One header of the last request at the first target; null if it had none. */
export function seenHeader(stage: WireStage, name: string): string | null {
  return header(stage.target.requests.at(-1)!, name);
}
