import type { Door } from "../src/config/model.ts";
import type { Topic } from "../src/config/variables/topic.ts";
import type { AnyVariable } from "../src/config/variables/variable.ts";

const DOORS: Readonly<Record<Door, string>> = {
  groups: "groups",
  backend_list: "backend list",
  servers_file: "servers file",
  nothing: "nothing configured",
};

const HEAD = ["| variable | value | default | meaning | example |", "|---|---|---|---|---|"];

/** What a page has around a topic's table. */
const TABLE = /<!-- variables: ([a-z ]+) -->\n[\s\S]*?<!-- end -->/g;

/** Writes every topic's table between its marks in a page; throws if the page lacks one or has one twice. */
export function withVariableTables(page: string, topics: readonly Topic[]): string {
  const missing = new Map(topics.map((topic) => [topic.name, topic]));
  const written = page.replace(TABLE, (_, name: string) => {
    const topic = missing.get(name);
    if (topic === undefined) throw new Error(`No topic, or one that has its table already: "${name}"`);
    missing.delete(name);
    const rows = Object.values(topic.variables).map(variableRow);
    return [`<!-- variables: ${name} -->`, ...HEAD, ...rows, "<!-- end -->"].join("\n");
  });
  if (missing.size > 0) throw new Error(`The page has no table for ${[...missing.keys()].join(", ")}`);
  return written;
}

function variableRow({ name, kind, meaning, example, ...rest }: AnyVariable): string {
  const { global, older, aliases = [], doorDefaults = {}, secret = false, restart = false } = rest;
  const names = [
    code(name),
    ...(global === undefined ? [] : [`all groups: ${code(global)}`]),
    ...(older === undefined ? [] : [`older names: ${code(older.name)}, ${code(older.global)}`]),
    ...(name.includes("<N>") ? [] : aliases.map((alias) => `or ${code(alias)}`)),
  ];
  const doors = Object.entries(doorDefaults).map(([door, value]) => `; ${DOORS[door as Door]}: ${code(value)}`);
  const standard = rest.default === null ? "none" : rest.default === "" ? "empty" : code(rest.default);
  const cells = [
    names.join("<br>"),
    kind.words + (secret ? ", secret" : ""),
    `${standard}${doors.join("")}`,
    meaning.replaceAll("|", "\\|") + (restart ? " Needs a restart." : ""),
    code(example.replaceAll("|", "\\|")),
  ];
  return `| ${cells.join(" | ")} |`;
}

function code(text: string): string {
  return `\`${text}\``;
}
