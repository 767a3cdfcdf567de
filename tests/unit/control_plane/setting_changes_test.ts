import assert from "node:assert/strict";
import { changesOf } from "../../../src/control_plane/setting_changes.ts";

const setting = (variable: string, value: string, origin = "environment", secret = false) => ({
  variable,
  value,
  origin,
  secret,
});
const texts = (before: ReturnType<typeof setting>[], after: ReturnType<typeof setting>[]) =>
  changesOf(before, after).map(({ text }) => text);

Deno.test("a variable that changed is told with both values, and one that only moved to another source is not", () => {
  assert.deepEqual(
    texts([setting("A", "1s"), setting("B", "x", "default")], [setting("A", "2s"), setting("B", "x", ".env:3")]),
    ["A 1s -> 2s"],
  );
});

Deno.test("variables that come and go with a group are told where they were set", () => {
  const group = [setting("N", "web"), setting("H", "false", "default")];
  assert.deepEqual(texts([], group), ["N unset -> web"]);
  assert.deepEqual(texts(group, []), ["N web -> unset"]);
});

Deno.test("secrets are masked, set, changed or unset", () => {
  const secret = (value: string) => [setting("S", value, ".env:1", true)];
  assert.deepEqual(texts(secret("one"), secret("two")), ["S *** -> ***"]);
  assert.deepEqual(texts(secret(""), secret("two")), ["S unset -> ***"]);
  assert.deepEqual(texts(secret("one"), []), ["S *** -> unset"]);
});

Deno.test("a long list is told by what it gained and lost", () => {
  const list = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `10.0.0.1:${from + i}`).join();
  assert.deepEqual(texts([setting("T", list(1000, 1050))], [setting("T", list(1002, 1062))]), [
    "T removed 10.0.0.1:1000, 10.0.0.1:1001; added " +
    "10.0.0.1:1050, 10.0.0.1:1051, 10.0.0.1:1052, 10.0.0.1:1053, 10.0.0.1:1054, 10.0.0.1:1055, 10.0.0.1:1056, " +
    "10.0.0.1:1057, 10.0.0.1:1058, 10.0.0.1:1059 and 2 more",
  ]);
  const reversed = list(1000, 1050).split(",").reverse().join();
  assert.deepEqual(texts([setting("T", list(1000, 1050))], [setting("T", reversed)]), ["T in another order"]);
});

Deno.test("the servers of a file are one list, whatever their places in it", () => {
  const file = (...values: string[]) => values.map((value, i) => setting(`s.json: $[${i}]`, value, "config file"));
  assert.deepEqual(texts(file("a:1 weight 1", "b:1 weight 1"), file("b:1 weight 1")), [
    "s.json a:1 weight 1,b:1 weight 1 -> b:1 weight 1",
  ]);
});
