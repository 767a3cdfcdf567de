import assert from "node:assert/strict";
import { MOST_COMPARED } from "../../../../src/config/sources/unknown_names.ts";
import { messages, parseWith } from "../parse_with.ts";

/** Parses a .env file with so many misspelled names. */
function misspelled(name: (number: number) => string, count: number) {
  const lines = Array.from({ length: count }, (_, number) => `${name(number)}=1`);
  return parseWith({ envFile: { path: ".env", text: lines.join("\n") } });
}

Deno.test("of very many unknown names all are problems, and the first have a suggestion", () => {
  const count = MOST_COMPARED + 500;
  const problems = messages(misspelled((number) => `TARGET_GROUP_${number}_NAM`, count).problems)
    .filter((text) => text.includes("There is no such variable"));
  assert.equal(problems.length, count);
  assert.equal(problems.findLastIndex((text) => text.includes("did you mean")), MOST_COMPARED - 1);
});

Deno.test("of very many names like sluice's the first are warnings", () => {
  const { warnings } = misspelled((number) => `STICKY_COOKIES_${number}`, MOST_COMPARED + 500);
  assert.equal(messages(warnings).filter((text) => text.includes("Nothing reads")).length, MOST_COMPARED);
});
