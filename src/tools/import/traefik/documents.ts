import { parse as parseToml } from "smol-toml";
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { ImportError } from "../import_error.ts";
import type { SourceText } from "../importer.ts";
import type { Origin } from "../output/imported.ts";

/** A value of YAML or TOML with its origin: text, number, boolean, list or table. */
export interface Value {
  readonly origin: Origin;
  /** Null unless it is a text, number or boolean. */
  readonly scalar: string | number | boolean | null;
  /** Empty unless it is a list. */
  readonly items: readonly Value[];
  /** Empty unless it is a table. */
  readonly fields: ReadonlyMap<string, Value>;
}

/** Reads a file by its ending, and by its look if it has none. Throws an `ImportError` with every mistake. */
export function readDocument({ path, text }: SourceText): Value {
  const toml = /\.toml$/i.test(path) || (!/\.(ya?ml|json)$/i.test(path) && /^\s*\[[\w."-]+\]\s*$/m.test(text));
  return toml ? readToml(path, text) : readYaml(path, text);
}

function readYaml(file: string, text: string): Value {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, merge: true });
  if (document.errors.length > 0) {
    throw new ImportError(
      document.errors.map((error) => `${file}:${error.linePos?.[0].line ?? 1}: ${error.message.split("\n")[0]}`),
    );
  }
  const read = (node: Node | null, path: string, line: number): Value => {
    const resolved = node !== null && "resolve" in node ? node.resolve(document) ?? node : node;
    const origin = { place: `${file}:${line}`, text: described(path, resolved?.toJSON()) };
    const value = { origin, scalar: null, items: [], fields: new Map<string, Value>() };
    if (isScalar(resolved)) return { ...value, scalar: resolved.value as string | number | boolean };
    const lineOf = (each: Node | null) => each?.range ? counter.linePos(each.range[0]).line : line;
    if (isSeq(resolved)) {
      return {
        ...value,
        items: resolved.items.map((each, i) => read(each as Node, `${path}[${i}]`, lineOf(each as Node))),
      };
    }
    if (isMap(resolved)) {
      for (const { key, value: inner } of resolved.items) {
        const name = String(isScalar(key) ? key.value : key);
        value.fields.set(name, read(inner as Node | null, path === "" ? name : `${path}.${name}`, lineOf(key as Node)));
      }
    }
    return value;
  };
  return read(document.contents, "", 1);
}

function readToml(file: string, text: string): Value {
  let parsed: unknown;
  try {
    parsed = parseToml(text);
  } catch (error) {
    const { line, message } = error as { line?: number; message: string };
    throw new ImportError([`${file}:${line ?? 1}: ${message.split("\n")[0]}`]);
  }
  const read = (value: unknown, path: string): Value => {
    const origin = { place: `${file}: ${path}`, text: typeof value === "object" ? "" : String(value) };
    const bare = { origin, scalar: null, items: [], fields: new Map<string, Value>() };
    if (Array.isArray(value)) return { ...bare, items: value.map((each, i) => read(each, `${path}[${i}]`)) };
    if (typeof value !== "object" || value === null) return { ...bare, scalar: value as string | number | boolean };
    for (const [name, inner] of Object.entries(value)) {
      bare.fields.set(name, read(inner, path === "" ? name : `${path}.${name}`));
    }
    return bare;
  };
  return read(parsed, "");
}

function described(path: string, value: unknown): string {
  return typeof value === "object" && value !== null ? path : `${path}: ${value}`;
}

/** A field of a table, by the path to it, in any case, as Traefik reads them. */
export function at(value: Value | undefined, ...path: readonly string[]): Value | undefined {
  let here = value;
  for (const name of path) {
    here = [...here?.fields ?? []].find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
  }
  return here;
}

/** A text, number or boolean as text; undefined if there is none. */
export function textAt(value: Value | undefined, ...path: readonly string[]): string | undefined {
  const scalar = at(value, ...path)?.scalar;
  return scalar === null || scalar === undefined ? undefined : String(scalar);
}

/** The texts of a list. */
export function textsAt(value: Value | undefined, ...path: readonly string[]): string[] {
  return (at(value, ...path)?.items ?? []).map((each) => String(each.scalar));
}

/** The origins of a value and of all in it. */
export function allOrigins(value: Value): Origin[] {
  return [value.origin, ...value.items.flatMap(allOrigins), ...[...value.fields.values()].flatMap(allOrigins)];
}
