import assert from "node:assert/strict";
import { MOST_WEIGHT } from "../../../src/config/values/weights.ts";
import { isKnown, VARIABLES } from "../../../src/config/variables/variables.ts";
import { ALGORITHMS } from "../../../src/balancing/registry.ts";
import { messages, parseWith } from "./parse_with.ts";
import { variableRow } from "./variable_row.ts";

const PAGE = Deno.readTextFileSync(new URL("../../../docs/configuration.md", import.meta.url));
const LINES = PAGE.split("\n");

for (const definition of VARIABLES) {
  Deno.test(`docs/configuration.md says what ${definition.name} is, as the code has it`, () => {
    const row = variableRow(definition);
    assert.ok(LINES.includes(row), `docs/configuration.md lacks this row:\n${row}`);
  });
}

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
    const list: Record<string, string> = { BACKEND_SERVERS: "localhost:5001,localhost:5002" };
    const extra: Record<string, string> = definition.example === "WEIGHTED"
      ? { TARGET_GROUP_1_WEIGHTS: "10.0.0.1:1,10.0.0.2:2" }
      : definition.name === "LISTENER_PROXY_PROTOCOL"
      ? { LISTENER_ENGINE: "wire", TRUSTED_PROXIES: "10.0.0.0/8" }
      : definition.name === "ADMIN_HOST"
      ? { ADMIN_TOKEN: "4f9c2e7ab1d05c36" }
      : {};
    const environment = { ...(name.startsWith("BACKEND_") ? list : base), ...extra, [name]: definition.example };
    const { problems, settings } = parseWith({ environment });
    assert.deepEqual(messages(problems), []);
    assert.ok(settings.find((setting) => setting.variable === name)!.origin.startsWith("environment"));
  });
}
