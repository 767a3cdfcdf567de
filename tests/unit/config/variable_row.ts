import type { Door } from "../../../src/config/model.ts";
import type { VariableDefinition } from "../../../src/config/variables/variable_definition.ts";

const DOORS: Readonly<Record<Door, string>> = {
  groups: "groups",
  backend_list: "backend list",
  servers_file: "servers file",
  nothing: "nothing configured",
};

/** Writes the row that `docs/configuration.md` must have for a variable. */
export function variableRow(definition: VariableDefinition): string {
  const { name, global, aliases = [] } = definition;
  const names = [
    code(name),
    ...(global === undefined ? [] : [`all groups: ${code(global)}`]),
    ...(name.includes("<N>") ? [] : aliases.map((alias) => `or ${code(alias)}`)),
  ];
  const doors = Object.entries(definition.doorDefaults ?? {}).map(([door, value]) =>
    `; ${DOORS[door as Door]}: ${code(value)}`
  );
  const standard = definition.default === null
    ? "none"
    : definition.default === ""
    ? "empty"
    : code(definition.default);
  const cells = [
    names.join("<br>"),
    definition.unit + (definition.secret === true ? ", secret" : ""),
    `${standard}${doors.join("")}`,
    definition.meaning.replaceAll("|", "\\|"),
    code(definition.example),
  ];
  return `| ${cells.join(" | ")} |`;
}

function code(text: string): string {
  return `\`${text}\``;
}
