import { PROJECT_ROOT } from "./sluice_program.ts";
import { tempDir } from "./temp_dir.ts";

/** An import of one file of the project by another. Paths are relative to the project's root. */
export interface ImportEdge {
  readonly from: string;
  readonly to: string;
  /** Nothing but types is imported: it is gone when the program runs. */
  readonly typesOnly: boolean;
}

/** Files of a folder of the project, relative to its root, in order. */
export function projectFiles(folder: string): string[] {
  const found: string[] = [];
  for (const entry of Deno.readDirSync(PROJECT_ROOT + folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) found.push(...projectFiles(path));
    else if (entry.isFile) found.push(path);
  }
  return found.sort();
}

/** Every import among the project's own files that can be reached from `roots`, as `deno info --json` tells them. */
export async function importEdges(roots: readonly string[]): Promise<ImportEdge[]> {
  const edges: ImportEdge[] = [];
  for (const module of await readGraph(roots)) {
    const from = inProject(module.specifier);
    if (from === null) continue;
    for (const dependency of module.dependencies ?? []) {
      const code = dependency.code?.specifier;
      const to = inProject(code ?? dependency.type?.specifier ?? "");
      if (to !== null) edges.push({ from, to, typesOnly: code === undefined });
    }
  }
  return edges;
}

/**
 * The packages and the parts of Node that are loaded together with `roots`, in order, as `hono` and `node:crypto`: what
 * the project's own files import, but for types and for what `import()` loads later.
 */
export async function loadedWith(roots: readonly string[]): Promise<string[]> {
  const modules = new Map((await readGraph(roots)).map((module) => [module.specifier, module]));
  const seen = new Set(roots.map((root) => `file://${PROJECT_ROOT}${root}`));
  const found = new Set<string>();
  for (const specifier of seen) {
    const own = modules.get(specifier);
    if (own === undefined) throw new Error(`${specifier} is not in the graph`);
    for (const { code, isDynamic } of own.dependencies ?? []) {
      if (code?.specifier === undefined || isDynamic === true) continue;
      if (inProject(code.specifier) !== null) seen.add(code.specifier);
      else found.add(code.specifier.replace(/^npm:\/?(@?[^@]+)@.*$/, "$1"));
    }
  }
  return [...found].sort();
}

async function readGraph(roots: readonly string[]): Promise<Graph["modules"]> {
  await using dir = await tempDir();
  const entry = `${dir.path}/all.ts`;
  await Deno.writeTextFile(entry, roots.map((root) => `import "file://${PROJECT_ROOT}${root}";\n`).join(""));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-lock", "--config", `${PROJECT_ROOT}deno.json`, entry],
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (code !== 0) throw new Error(`deno info failed: ${new TextDecoder().decode(stderr)}`);
  const graph: Graph = JSON.parse(new TextDecoder().decode(stdout));
  for (const { specifier, error } of graph.modules) {
    if (error !== undefined) throw new Error(`${specifier}: ${error}`);
  }
  return graph.modules;
}

/** The files that `roots` need, themselves included, along `edges`. */
export function reachable(roots: readonly string[], edges: readonly ImportEdge[]): Set<string> {
  const imports = Map.groupBy(edges, ({ from }) => from);
  const seen = new Set(roots);
  // A set that grows meanwhile is walked to its end.
  for (const from of seen) for (const { to } of imports.get(from) ?? []) seen.add(to);
  return seen;
}

/** Groups of files that import one another in a circle, each in order. */
export function circles(edges: readonly ImportEdge[]): string[][] {
  const files = [...new Set(edges.map(({ from }) => from))].sort();
  const reached = new Map(files.map((file) => [file, reachable([file], edges)]));
  const inCircle = (one: string, other: string) =>
    one !== other && reached.get(one)!.has(other) && reached.get(other)?.has(one) === true;
  const groups = files.map((file) => [file, ...files.filter((other) => inCircle(file, other))].sort());
  return groups.filter((group, at) => group.length > 1 && group[0] === files[at]);
}

interface Graph {
  modules: {
    specifier: string;
    error?: string;
    dependencies?: { code?: { specifier?: string }; type?: { specifier?: string }; isDynamic?: boolean }[];
  }[];
}

function inProject(specifier: string): string | null {
  const start = `file://${PROJECT_ROOT}`;
  return specifier.startsWith(start) ? specifier.slice(start.length) : null;
}
