/**
 * The program that was compiled with OpenTelemetry, named by the variable SLUICE_OTEL_PROGRAM; skipped where there is
 * none.
 */
import { checkTelemetry } from "../support/telemetry_suite.ts";

const program = Deno.env.get("SLUICE_OTEL_PROGRAM");

for (const transport of ["fetch", "wire"] as const) {
  Deno.test({
    name: `${transport}: the program compiled with OpenTelemetry emits spans that say what was decided`,
    ignore: program === undefined || program === "",
    fn: (t) => checkTelemetry(t, { program, transport }),
  });
}
