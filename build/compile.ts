/** `deno task compile`: makes dist/sluice for this machine. */
import { makeProgram } from "./program.ts";

if (import.meta.main) {
  if (!await makeProgram("dist/sluice")) Deno.exit(1);
}
