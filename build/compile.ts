/**
 * `deno task compile`: makes dist/sluice for this machine. `deno task compile --otel` makes one that emits
 * OpenTelemetry, and always does: Deno decides that when it compiles (denoland/deno#28839).
 */
import { makeProgram } from "./program.ts";

if (import.meta.main) {
  const unknown = Deno.args.filter((arg) => arg !== "--otel");
  if (unknown.length > 0) {
    console.error(`Cannot use "${unknown[0]}": there is only --otel`);
    Deno.exit(2);
  }
  if (!await makeProgram("dist/sluice", { otel: Deno.args.includes("--otel") })) Deno.exit(1);
}
