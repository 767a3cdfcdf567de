import { ImportError } from "../import_error.ts";
import type { SourceText } from "../importer.ts";
import type { Origin } from "../output/imported.ts";

/** An object of JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** Something that a call described, with its place in the files. */
export interface Described {
  readonly value: Json;
  readonly origin: Origin;
}

/** The outputs of all calls together. */
export interface Outputs {
  readonly balancers: readonly Described[];
  readonly listeners: readonly Described[];
  readonly rules: readonly Described[];
  readonly groups: readonly Described[];
  /** Targets with their health, by the ARN of their group. */
  readonly health: ReadonlyMap<string, readonly Described[]>;
  /** Attributes of groups and load balancers, by ARN. */
  readonly attributes: ReadonlyMap<string, readonly Described[]>;
  /** What no part of the importer knows. */
  readonly unknown: readonly Described[];
}

const LISTS = { LoadBalancers: "balancers", Listeners: "listeners", Rules: "rules", TargetGroups: "groups" } as const;

/** Reads the outputs of `aws elbv2 describe-*`: one after another in a file, in one object, or in several files. */
export function readOutputs(sources: readonly SourceText[]): Outputs {
  const problems: string[] = [];
  const outputs = {
    balancers: [] as Described[],
    listeners: [] as Described[],
    rules: [] as Described[],
    groups: [] as Described[],
    health: new Map<string, Described[]>(),
    attributes: new Map<string, Described[]>(),
    unknown: [] as Described[],
  };
  for (const { path: file, text } of sources) {
    for (const { json, line } of documents(text)) {
      try {
        read(JSON.parse(json), file, "", outputs);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        problems.push(`${file}:${line}: ${error.message}`);
      }
    }
  }
  if (problems.length > 0) throw new ImportError(problems);
  return outputs;
}

interface Collecting extends Record<typeof LISTS[keyof typeof LISTS], Described[]> {
  health: Map<string, Described[]>;
  attributes: Map<string, Described[]>;
  unknown: Described[];
}

function read(value: unknown, file: string, path: string, outputs: Collecting): void {
  if (Array.isArray(value)) {
    value.forEach((each, i) => read(each, file, `${path}[${i}]`, outputs));
    return;
  }
  for (const [name, inner] of Object.entries(objectOf(value))) {
    const place = path === "" ? name : `${path}.${name}`;
    if (Object.hasOwn(LISTS, name)) {
      outputs[LISTS[name as keyof typeof LISTS]].push(...described(inner, file, place));
    } else if (name.startsWith("arn:")) {
      const { TargetHealthDescriptions: health, Attributes: attributes } = objectOf(inner);
      if (health !== undefined) {
        outputs.health.set(name, described(health, file, `["${name}"].TargetHealthDescriptions`));
      }
      if (attributes !== undefined) outputs.attributes.set(name, described(attributes, file, `["${name}"].Attributes`));
    } else if (["TargetHealth", "TargetGroupAttributes", "LoadBalancerAttributes"].includes(name)) {
      read(inner, file, "", outputs);
    } else if (!["ResponseMetadata", "NextMarker"].includes(name)) {
      outputs.unknown.push({ value: objectOf(inner), origin: { place: `${file}: ${place}`, text: "" } });
    }
  }
}

function described(list: unknown, file: string, path: string): Described[] {
  return (Array.isArray(list) ? list : []).map((value, i) => ({
    value: objectOf(value),
    origin: { place: `${file}: ${path}[${i}]`, text: "" },
  }));
}

/** Cuts a text into its JSON documents; `aws` prints one for each call. */
function documents(text: string): { json: string; line: number }[] {
  const found: { json: string; line: number }[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (character === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === "\\") i++;
    } else if (character === "{" || character === "[") depth++;
    else if ((character === "}" || character === "]") && --depth === 0) {
      found.push({ json: text.slice(start, i + 1), line: lineOf(text, start) });
      start = i + 1;
    }
  }
  if (text.slice(start).trim() !== "") found.push({ json: text.slice(start), line: lineOf(text, start) });
  return found;
}

function lineOf(text: string, at: number): number {
  const skipped = /^\s*/.exec(text.slice(at))![0];
  return text.slice(0, at).split("\n").length + skipped.split("\n").length - 1;
}

/** The value if it is an object, otherwise an empty one. */
export function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Json : {};
}

/** The value's list of objects with their places. */
export function listOf({ value, origin }: Described, name: string): Described[] {
  const list = value[name];
  return (Array.isArray(list) ? list : []).map((each, i) => ({
    value: objectOf(each),
    origin: { place: `${origin.place}.${name}[${i}]`, text: "" },
  }));
}

/** A part of an origin, with its value as text. */
export function part(origin: Origin, path: string, value: unknown): Origin {
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return { place: `${origin.place}${path}`, text };
}
