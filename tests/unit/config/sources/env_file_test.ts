import assert from "node:assert/strict";
import { parseEnv } from "node:util";
import fc from "fast-check";
import { readEnvFile } from "../../../../src/config/sources/env_file.ts";
import "../../../support/seed.ts";

function valuesOf(text: string): Record<string, string> {
  return Object.fromEntries([...readEnvFile(".env", text).layer.values].map(([name, value]) => [name, value.text]));
}

Deno.test("a .env file gives the values that other dotenv readers give", () => {
  const text = [
    "A=1",
    'B = "x y" # why',
    "C=a#b",
    "D=a # b",
    "E='it\\n'",
    'F="l1\\nl2 # no comment"',
    'G=`x"y`',
    'H="over',
    "two lines # too",
    '"',
    "I=",
    "export J=3",
    "  K  =  spaces  ",
    "L==x",
    'M="$A"',
    "# comment",
    "",
    "N=a\\nb",
    "O= # only a comment",
    'P="never closed',
  ].join("\n");
  const values = valuesOf(text);
  assert.deepEqual(values, { ...parseEnv(text) });
  assert.equal(values.H, "over\ntwo lines # too\n");
  assert.equal(values.P, '"never closed');
});

Deno.test("what stands behind a closing quote is no part of the value", () => {
  assert.deepEqual(valuesOf(`A="x" y\nB='z'# w\n`), { A: "x", B: "z" });
});

Deno.test("any value that is written in quotes comes back, whatever is in it", () => {
  const value = fc.string({ unit: fc.constantFrom("a", " ", "=", "#", "\n", "$", ",", ":", "é", "`", '"') });
  fc.assert(fc.property(fc.array(value, { maxLength: 5 }), (values) => {
    const text = values.map((each, i) => `V_${i}='${each}' # ${i}\n`).join("");
    assert.deepEqual(valuesOf(text), Object.fromEntries(values.map((each, i) => [`V_${i}`, each])));
  }));
});
