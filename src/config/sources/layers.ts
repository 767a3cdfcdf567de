import { cannotUse, type Problem, problemOf } from "../config_error.ts";
import { quote } from "../../logging/shown_text.ts";
import { readEnvFile } from "./env_file.ts";
import { isServiceLink } from "./service_links.ts";
import type { Flags, Layer, Sources } from "./sources.ts";

/** The variable that each flag sets. */
const FLAG_VARIABLES: Readonly<Record<keyof Flags, string>> = {
  host: "LISTENER_HOST",
  port: "LISTENER_PORT",
  interval: "HEALTH_CHECK_INTERVAL",
  targets: "BACKEND_SERVERS",
  algorithm: "LOAD_BALANCING_ALGORITHM",
};

/** The sources as layers, with their problems and warnings. */
export interface Layers {
  readonly layers: readonly Layer[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Makes a layer of each source, the strongest first. */
export function layersOf(sources: Sources): Layers {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  let ofEnvFile: readonly Problem[] = [];
  const layers = [flagLayer(sources.flags, problems, warnings), environmentLayer(sources.environment, warnings)];
  if (sources.envFile !== null) {
    const { path } = sources.envFile;
    if ("error" in sources.envFile) {
      problems.push(problemOf(path, `Cannot read it as the .env file: ${sources.envFile.error}`));
    } else {
      const read = readEnvFile(path, sources.envFile.text);
      layers.push(read.layer);
      ofEnvFile = read.warnings;
    }
  }
  return { layers, problems, warnings: [...warnings, ...ofEnvFile] };
}

function flagLayer(flags: Flags, problems: Problem[], warnings: Problem[]): Layer {
  const values = new Map<string, { text: string; origin: string; label: string }>();
  for (const [flag, variable] of Object.entries(FLAG_VARIABLES)) {
    let text = flags[flag as keyof Flags];
    if (text === undefined) continue;
    // An empty variable counts as unset, but an empty flag was typed on purpose.
    if (text.trim() === "") problems.push(cannotUse(text, `--${flag}`, "a value"));
    if (flag === "interval") text = withSeconds(text.trim(), warnings);
    values.set(variable, { text, origin: `flag --${flag}`, label: `--${flag} (${variable})` });
  }
  return { kind: "flags", values };
}

/** Adds the unit to a bare number of `--interval`, which is in seconds, and raises it to at least 1. */
function withSeconds(text: string, warnings: Problem[]): string {
  if (!/^[+-]?\d+(\.\d+)?$/.test(text)) return text;
  if (Number(text) >= 1) return `${text.replace("+", "")}s`;
  warnings.push(problemOf("--interval", `Raised ${quote(text)} to 1 second, the minimum`));
  return "1s";
}

function environmentLayer(environment: Readonly<Record<string, string>>, warnings: Problem[]): Layer {
  const values = new Map<string, { text: string; origin: string; label: string }>();
  for (const [name, text] of Object.entries(environment)) {
    if (isServiceLink(name, text)) {
      warnings.push(problemOf(
        name,
        `Ignored ${quote(text)}: it looks like what Kubernetes sets for a service of that name` +
          ` (enableServiceLinks: false ends that)`,
      ));
    } else {
      values.set(name, { text, origin: "environment", label: name });
    }
  }
  return { kind: "environment", values };
}
