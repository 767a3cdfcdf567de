/** docs/alb.md tells the truth: each of its rows has a check here, and each check a row. */
import assert from "node:assert/strict";
import { isKnown } from "../../../../src/config/variables/variables.ts";
import { CHECKS } from "../../../imports/alb_checks.ts";
import { albWith } from "../../../imports/alb_rows.ts";
import { importedForUse, problemsOf } from "../../../imports/imported.ts";
import { PROJECT_ROOT } from "../../../support/sluice_program.ts";

const ROWS = Deno.readTextFileSync(`${PROJECT_ROOT}docs/alb.md`).split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| an ALB has"))
  .map((line) => line.slice(2, -2).replaceAll("\\|", "\u0000").split(" | "))
  .map(([name = "", sluice = ""]) => ({ name: name.replaceAll("`", ""), sluice: sluice.replaceAll("\u0000", "|") }));

Deno.test("every row of docs/alb.md has a check, and every check a row", () => {
  assert.ok(ROWS.length > 60, "the rows were not found");
  assert.deepEqual(ROWS.map((row) => row.name).sort(), Object.keys(CHECKS).sort());
});

for (const { name, sluice } of ROWS) {
  Deno.test(`docs/alb.md, ${name}: its variables exist, or import writes them as comments`, async () => {
    const group = /\bgroup `/.test(sluice);
    const variables = [...sluice.matchAll(/`(_?[A-Z][A-Z_]+)`/g)].map(([, variable = ""]) => variable)
      .filter((variable) => variable.startsWith("_") || /^(LISTENER|TRUSTED|STREAM|HEADER|ACCESS)_/.test(variable))
      .map((variable) =>
        variable.startsWith("_") ? `${group ? "TARGET_GROUP" : "LISTENER_RULE"}_1${variable}` : variable
      );
    if (sluice.startsWith("not yet")) {
      assert.deepEqual(variables.filter(isKnown), [], "it is there: the row is out of date");
      return;
    }
    const check = CHECKS[name];
    const text = check !== undefined && "part" in check
      ? (await importedForUse("alb", albWith(check.part), "alb.json")).text
      : "";
    const lost = variables.filter((variable) => !isKnown(variable) && !text.includes(variable));
    assert.deepEqual(lost, [], text);
  });

  const check = CHECKS[name];
  if (check === undefined) continue;
  Deno.test(`docs/alb.md, ${name}: sluice does what it says`, async () => {
    if ("takes" in check) {
      assert.deepEqual(await problemsOf(check.takes), []);
      return;
    }
    const { text } = await importedForUse("alb", albWith(check.part), "alb.json");
    assert.deepEqual(await problemsOf(text), [], text);
    const left = text.slice(
      0,
      text.includes("# Needs no variable:") ? text.indexOf("# Needs no variable:") : undefined,
    );
    if ("gives" in check) {
      for (const line of check.gives) {
        // A variable that this sluice does not have stands there as a comment.
        const wanted = isKnown(line.split("=")[0]!) || line.startsWith("#") ? line : `# not yet: ${line}`;
        assert.ok(text.split("\n").includes(wanted), `${wanted}\nis missing in\n${text}`);
      }
    } else if ("leavesOut" in check) assert.ok(left.includes(check.leavesOut), text);
    else assert.ok(text.slice(text.indexOf("# Needs no variable:")).includes(check.needsNothing), text);
  });
}
