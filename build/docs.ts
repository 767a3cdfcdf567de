/** Writes what the docs have from the code: the tables of variables in `docs/configuration.md`. */
import { TOPICS } from "../src/config/variables/variables.ts";
import { withVariableTables } from "./variable_tables.ts";

const page = new URL("../docs/configuration.md", import.meta.url);
Deno.writeTextFileSync(page, withVariableTables(Deno.readTextFileSync(page), TOPICS));
