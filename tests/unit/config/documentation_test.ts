import assert from "node:assert/strict";
import { withVariableTables } from "../../../build/variable_tables.ts";
import { MOST_WEIGHT } from "../../../src/config/values/weights.ts";
import { isKnown, TOPICS, VARIABLES } from "../../../src/config/variables/variables.ts";
import { ALGORITHMS } from "../../../src/balancing/registry.ts";
import { messages, parseWith } from "./parse_with.ts";

const PAGE = Deno.readTextFileSync(new URL("../../../docs/configuration.md", import.meta.url));
const LINES = PAGE.split("\n");

Deno.test("the tables of docs/configuration.md are those of the definitions: `deno task docs` writes them", () => {
  assert.equal(withVariableTables(PAGE, TOPICS), PAGE);
});

Deno.test("a table of variables that is missing, twice there or unknown is an error", () => {
  const table = (name: string) => `<!-- variables: ${name} -->\n<!-- end -->\n`;
  const all = TOPICS.map(({ name }) => table(name)).join("");
  assert.ok(VARIABLES.every(({ name }) => withVariableTables(all, TOPICS).includes(`| \`${name}\``)));
  assert.throws(() => withVariableTables(all.replace(table("names"), ""), TOPICS), /no table for names/);
  for (const other of ["names", "nonsense"]) {
    assert.throws(() => withVariableTables(all + table(other), TOPICS), new RegExp(`"${other}"`));
  }
});

Deno.test("docs/configuration.md names no variable that the program does not read", () => {
  const inTables = LINES.filter((line) => line.startsWith("|")).flatMap((line) =>
    [...line.split(" | ")[0]!.matchAll(/`([A-Z][A-Z0-9_<>]+)`/g)].map((match) => match[1]!)
  );
  const assigned = [...PAGE.matchAll(/\b([A-Z][A-Z0-9_]+|[A-Z_]+<N>[A-Z_]*)=/g)].map((match) => match[1]!);
  const unknown = [...inTables, ...assigned].filter((name) => name !== "NAME" && !isKnown(name.replace("<N>", "1")));
  assert.ok(inTables.length > VARIABLES.length, "the tables were not found");
  assert.deepEqual([...new Set(unknown)], []);
});

Deno.test("every example of a .env file in docs/configuration.md starts", () => {
  const examples = [...PAGE.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1]!).filter((text) =>
    /^[A-Z_0-9]+=/m.test(text) && !text.includes("sluice ")
  );
  assert.ok(examples.length >= 3, "the examples were not found");
  for (const text of examples) {
    assert.deepEqual(messages(parseWith({ envFile: { path: ".env", text } }).problems), []);
  }
});

Deno.test("docs/configuration.md names every algorithm with its aliases, and the greatest weight", () => {
  for (const name of ALGORITHMS.flatMap((each) => [each.name, ...each.aliases])) {
    assert.ok(PAGE.includes(`\`${name}\``), `${name} is missing`);
  }
  assert.ok(PAGE.includes(String(MOST_WEIGHT)));
});

for (const definition of VARIABLES) {
  Deno.test(`the example of ${definition.name} is a value that it takes`, () => {
    const name = definition.name.replace("<N>", "1");
    const base: Record<string, string> = {
      TARGET_GROUP_1_NAME: "backends",
      TARGET_GROUP_1_TARGETS: "10.0.0.1,10.0.0.2:8080",
      LISTENER_RULE_1_PATH_PREFIX: "/",
      LISTENER_RULE_1_TARGET_GROUP: "backends",
    };
    const environment = {
      ...(name.startsWith("BACKEND_") ? {} : base),
      ...definition.exampleNeeds,
      [name]: definition.example,
    };
    const { problems, settings } = parseWith({ environment });
    assert.deepEqual(messages(problems), []);
    assert.ok(settings.find((setting) => setting.variable === name)!.origin.startsWith("environment"));
  });
}
