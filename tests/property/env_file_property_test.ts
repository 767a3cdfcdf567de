import assert from "node:assert/strict";
import { parseEnv } from "node:util";
import fc from "fast-check";
import { readEnvFile } from "../../src/config/sources/env_file.ts";
import "../support/seed.ts";

const NAME = fc.constantFrom("A", "B", "LISTENER_PORT", "x_1");
const word = (characters: string[]) =>
  fc.array(fc.constantFrom(...characters), { minLength: 1, maxLength: 8 }).map((parts) => parts.join(""));
const PLAIN = ["a", "1", "=", "\\n", "$", "/", ",", ":", "é"];
/** What is in one kind of quotes may be anything but that quote. */
const QUOTED = fc.constantFrom('"', "'", "`").chain((mark) =>
  word([...PLAIN, " ", "#", "\n", "'", '"', "`"].filter((each) => each !== mark)).map((text) => mark + text + mark)
);
// An empty value is left out: parseEnv takes the next line for it where a space follows the "=".
const VALUE = fc.tuple(fc.oneof(word(PLAIN), QUOTED), fc.constantFrom("", "  ", " # comment", "#comment"))
  .map((parts) => parts.join(""));
const LINE = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constantFrom("", "export ", "  "), NAME, fc.constantFrom("=", " = "), VALUE) },
  { weight: 1, arbitrary: fc.constantFrom(["# a comment"], [""], ["  "]) },
).map((parts) => parts.join(""));

Deno.test("an .env file means what parseEnv says it means, whatever quotes, comments and line ends stand in it", () => {
  fc.assert(
    fc.property(fc.array(LINE, { maxLength: 5 }), fc.constantFrom("\n", "\r\n"), (lines, end) => {
      const text = lines.join("\n").replaceAll("\n", end);
      const { layer } = readEnvFile(".env", text);
      const ours = Object.fromEntries([...layer.values].map(([name, { text }]) => [name, text]));
      assert.deepEqual(ours, { ...parseEnv(text) }, JSON.stringify(text));
    }),
    { numRuns: 2000 },
  );
});
