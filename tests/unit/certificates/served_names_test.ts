import assert from "node:assert/strict";
import { ServedNames } from "../../../src/certificates/served_names.ts";

Deno.test("a certificate is chosen by the exact name, then by a wildcard for one label", () => {
  const names = new ServedNames([
    { names: ["first.test"] },
    { names: ["*.example.test", "example.test"] },
    { names: ["api.example.test", "first.test"] },
  ]);
  const cases: [string, number][] = [
    ["first.test", 0],
    ["FIRST.test", 0],
    ["example.test", 1],
    ["www.example.test", 1],
    ["api.example.test", 2],
    ["a.b.example.test", -1],
    ["*.example.test", 1],
    [".example.test", -1],
    ["example.test.", -1],
    ["other.test", -1],
    ["", -1],
  ];
  for (const [name, index] of cases) assert.equal(names.find(name), index, name);
});
