import assert from "node:assert/strict";
import { codeOf, linesWith } from "./source_text.ts";

Deno.test("a call is found in code, and not in a comment or a text", () => {
  const source = [
    "/** Date.now() in",
    " * Date.now() a comment */",
    'const url = "http://x"; Date.now();',
    "// Date.now()",
    "const text = 'it\\'s Date.now()' + \"Date.now()\";",
    "const t = `${Date.now()}`;",
  ].join("\n");
  assert.deepEqual(linesWith(codeOf(source), /Date\.now/), [3, 6]);
});
