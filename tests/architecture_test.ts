/**
 * The house stays as it was drawn: who may import whom, who may ask the time, how long a file may be. The tables come
 * first; a change of the drawing is a change of a table.
 */
import assert from "node:assert/strict";
import { circles, type ImportEdge, importEdges, loadedWith, projectFiles, reachable } from "./support/module_graph.ts";
import { codeOf, linesWith } from "./support/source_text.ts";
import { PROJECT_ROOT } from "./support/sluice_program.ts";

/** What starts a thread: everything in src is reached from one of these. */
const ROOTS = ["main.ts", "src/data_plane/worker.ts"];

/** Folders that every other may import. */
const LEAVES = ["time", "logging", "http1", "http2"];

/** Folders that import no leaf but what their row says: HTTP knows no socket, no clock and no log. */
const ALONE = ["http1", "http2"];

/** What each folder of src may import beside itself and the leaves; `types`: of these nothing but types. */
const MAY_IMPORT: Record<string, { folders: readonly string[]; types?: readonly string[] }> = {
  time: { folders: [] },
  http1: { folders: [] },
  http2: { folders: ["http1"] },
  logging: { folders: [], types: ["config"] },
  config: { folders: [] },
  discovery: { folders: ["config"] },
  rules: { folders: ["config"] },
  state: { folders: ["config"], types: ["certificates"] },
  views: { folders: ["config", "state"] },
  dial: { folders: [], types: ["certificates"] },
  certificates: { folders: [] },
  health: { folders: ["config", "state", "dial"] },
  balancing: { folders: ["config", "state"] },
  forwarding: { folders: ["config", "state", "dial"], types: ["certificates"] },
  protocol: { folders: [], types: ["config", "certificates", "state", "views"] },
  front: { folders: ["state", "dial", "certificates"] },
  data_plane: {
    folders: ["rules", "balancing", "forwarding", "front", "state", "views", "protocol", "dial"],
    types: ["config", "certificates"],
  },
  admin: { folders: ["config", "state", "views"] },
  control_plane: {
    folders: ["config", "certificates", "discovery", "health", "state", "views", "protocol", "admin", "dial"],
  },
  tools: { folders: ["config"] },
  cli: {
    folders: [
      "deno.json", // the version stands there
      "config",
      "discovery",
      "rules",
      "state",
      "views",
      "dial",
      "health",
      "balancing",
      "forwarding",
      "front",
      "protocol",
      "data_plane",
      "admin",
      "control_plane",
      "tools",
    ],
  },
};

/**
 * What only some places may touch. A place is a file, or a folder with its `/`; `why` says what the others do instead.
 */
const ONLY_IN: readonly { what: string; pattern: RegExp; places: readonly string[]; why: string }[] = [
  {
    what: "the time and timers",
    pattern:
      /\bDate\.now\b|\bnew Date\(\)|\bperformance\.(now|timeOrigin)\b|\bset(Timeout|Interval)\b|AbortSignal\.timeout/,
    places: ["src/time/clock.ts"],
    why: "take a Clock",
  },
  {
    what: "chance",
    pattern: /\bMath\.random\b/,
    places: ["main.ts", "src/cli/", "src/tools/", "src/data_plane/worker.ts"],
    why: "take a `random: () => number`",
  },
  {
    what: "the terminal",
    pattern: /\bconsole\.|\bDeno\.std(out|err)\.write/,
    places: ["src/cli/terminal.ts"],
    why: "print through terminal.ts, which shows what would drive it",
  },
  {
    what: "the exit of the process",
    pattern: /\bDeno\.exit\b/,
    places: ["main.ts", "src/cli/"],
    why: "return or throw",
  },
];

/**
 * All that a server loads before anybody asks it for anything. Each package here is memory of every server, and of each
 * of its threads: what only some need (servers files, scrapes, WebSockets) is loaded by `import()` when it is needed.
 */
const LOADED_AT_REST = [
  "@opentelemetry/api",
  "commander",
  "fastest-levenshtein",
  "hono",
  "ipaddr.js",
  "node:buffer",
  "node:crypto",
  "node:net",
  "node:process",
];

/** Those of them that a thread loads which does nothing but serve. */
const LOADED_BY_A_WORKER = ["@opentelemetry/api", "hono", "ipaddr.js", "node:buffer", "node:crypto", "node:process"];

/** What no such thread loads, since each would pay for it: the other plane, its pages, the commands and their tools. */
const NOT_IN_A_WORKER = ["main", "cli", "tools", "admin", "control_plane", "discovery", "health"];

/** Of the configuration it gets what was read: it needs no variables, no files and no words about mistakes. */
const CONFIGURATION_IN_A_WORKER = "src/config/values/";

/** Folders without any input or output: a configuration, a rule or an algorithm can be tried with plain values. */
const PURE = ["config", "http1", "http2", "rules", "state", "views", "balancing"];
const INPUT_OUTPUT = /\bDeno\.|\bfetch\(|\bnew Worker\(|\bconsole\./;

const MOST_LINES = 300;
/** Half of the files of src are shorter. */
const MEDIAN_LINES = 75;
const MOST_COLUMNS = 120;

/** Files that reach into the platform or a library, where a type has to be forced. */
const FORCES_TYPES = [
  "src/admin/metrics/metric_family.ts",
  "src/dial/socket_ops.ts",
  "src/front/websocket/pausable_socket.ts",
];

const VAGUE_NAMES = /(^|_)(utils?|helpers?|common|misc)(_|\.|$)/;
const SNAKE_CASE = /^[a-z0-9]+(_[a-z0-9]+)*(\.[a-z0-9]+)+$/;

const sources = [...projectFiles("src"), "main.ts"];
const typescript = [...sources, ...projectFiles("tests"), ...projectFiles("bench"), ...projectFiles("build")].filter((
  f,
) => f.endsWith(".ts"));

function read(file: string): string {
  return Deno.readTextFileSync(PROJECT_ROOT + file);
}

/** The folder of src that a file belongs to, `main` for main.ts. */
function folderOf(file: string): string {
  return file.startsWith("src/") ? file.split("/")[1] ?? "" : file.replace(/\.ts$/, "");
}

/** Why the table forbids an import, or null where it allows it. */
function forbidden(edge: ImportEdge): string | null {
  const from = folderOf(edge.from);
  const to = folderOf(edge.to);
  if (from === to || (LEAVES.includes(to) && !ALONE.includes(from))) return null;
  // The version stands in deno.json alone.
  if (edge.from === "src/cli/version.ts" && edge.to === "deno.json") return null;
  if (from === "main") return to === "cli" || MAY_IMPORT.cli?.folders.includes(to) ? null : `main may not import ${to}`;
  const allowed = MAY_IMPORT[from];
  if (allowed === undefined) return `the folder "${from}" is not in the table`;
  if (allowed.folders.includes(to)) return null;
  if (!allowed.types?.includes(to)) return `${from} may not import ${to}`;
  return edge.typesOnly ? null : `${from} may import nothing but types of ${to}`;
}

Deno.test("every import goes the way that the table of folders allows", async () => {
  const edges = await importEdges(sources.filter((file) => file.endsWith(".ts")));
  assert.ok(edges.length > 10, "the graph of imports is empty");
  const wrong = edges
    .map((edge) => ({ edge, why: forbidden(edge) }))
    .filter(({ edge, why }) => why !== null && (edge.from === "main.ts" || edge.from.startsWith("src/")))
    .map(({ edge, why }) => `${edge.from} imports ${edge.to}: ${why}`);
  assert.deepEqual(wrong, []);
});

Deno.test("an import against the table is told apart from one along it", () => {
  const edge = (from: string, to: string, typesOnly = false) => forbidden({ from, to, typesOnly });
  assert.equal(edge("src/balancing/lrt.ts", "src/state/target_table.ts"), null);
  assert.equal(edge("src/rules/actions/a.ts", "src/rules/rewrite.ts"), null);
  assert.equal(edge("src/rules/a.ts", "src/time/clock.ts"), null);
  assert.equal(edge("main.ts", "src/cli/program.ts"), null);
  assert.equal(edge("src/data_plane/chain/app.ts", "src/config/model.ts", true), null);
  assert.match(edge("src/data_plane/chain/app.ts", "src/config/model.ts") ?? "", /nothing but types/);
  assert.match(edge("src/control_plane/pool.ts", "src/data_plane/worker.ts") ?? "", /may not import data_plane/);
  assert.match(edge("src/config/model.ts", "src/state/reason.ts", true) ?? "", /may not/);
  assert.equal(edge("src/tools/a.ts", "src/http1/tokens.ts"), null);
  assert.match(edge("src/http1/a.ts", "src/time/clock.ts") ?? "", /may not import time/);
  assert.equal(edge("src/http2/a.ts", "src/http1/bytes.ts"), null);
  assert.match(edge("src/http1/a.ts", "src/http2/frame.ts") ?? "", /may not import http2/);
  assert.match(edge("src/http2/a.ts", "src/logging/log.ts") ?? "", /may not import logging/);
  assert.match(edge("src/new_room/a.ts", "src/state/reason.ts") ?? "", /not in the table/);
  assert.match(edge("src/cli/a.ts", "main.ts") ?? "", /may not/);
});

Deno.test("nothing in src lies unused", async () => {
  const used = reachable(ROOTS, await importEdges(ROOTS));
  const unused = sources.filter((file) => file.endsWith(".ts") && !used.has(file));
  assert.deepEqual(unused, []);
});

Deno.test("a thread that serves loads nothing of the control plane, the commands and the tools", async () => {
  const edges = (await importEdges(["src/data_plane/worker.ts"])).filter(({ typesOnly }) => !typesOnly);
  const loaded = [...reachable(["src/data_plane/worker.ts"], edges)];
  assert.ok(loaded.length > 100, "the graph of imports is empty");
  assert.deepEqual(loaded.filter((file) => NOT_IN_A_WORKER.includes(folderOf(file))), []);
  const configuration = loaded.filter((file) => folderOf(file) === "config");
  assert.deepEqual(configuration.filter((file) => !file.startsWith(CONFIGURATION_IN_A_WORKER)), []);
  assert.deepEqual(await loadedWith(["src/data_plane/worker.ts"]), LOADED_BY_A_WORKER);
});

Deno.test("a server at rest has loaded no package but the few that each of them needs", async () => {
  assert.deepEqual(await loadedWith(["main.ts", "src/cli/serve.ts", "src/data_plane/worker.ts"]), LOADED_AT_REST);
});

for (const { what, pattern, places, why } of ONLY_IN) {
  Deno.test(`${what}: only where they belong, elsewhere ${why}`, () => {
    const wrong = sources
      .filter((file) => file.endsWith(".ts") && !places.some((p) => p.endsWith("/") ? file.startsWith(p) : file === p))
      .flatMap((file) => linesWith(codeOf(read(file)), pattern).map((line) => `${file}:${line}`));
    assert.deepEqual(wrong, []);
  });
}

Deno.test("configuration, HTTP, rules, state and algorithms do no input or output", () => {
  const wrong = sources
    .filter((file) => file.endsWith(".ts") && PURE.includes(folderOf(file)))
    .flatMap((file) => linesWith(codeOf(read(file)), INPUT_OUTPUT).map((line) => `${file}:${line}`));
  assert.deepEqual(wrong, []);
});

Deno.test(`no file is longer than ${MOST_LINES} lines`, () => {
  const long = typescript
    .map((file) => ({ file, lines: read(file).split("\n").length - 1 }))
    .filter(({ lines }) => lines > MOST_LINES)
    .map(({ file, lines }) => `${file}: ${lines} lines`);
  assert.deepEqual(long, []);
});

Deno.test(`half of the files of src have fewer than ${MEDIAN_LINES} lines`, () => {
  const lengths = sources.filter((file) => file.endsWith(".ts")).map((file) => read(file).split("\n").length - 1);
  const median = lengths.sort((one, other) => one - other)[lengths.length >> 1]!;
  assert.ok(median < MEDIAN_LINES, `the median is ${median} lines`);
});

Deno.test(`no line is wider than ${MOST_COLUMNS} columns`, () => {
  const wide = typescript
    .flatMap((file) =>
      read(file).split("\n").flatMap((line, at) => line.length > MOST_COLUMNS ? [`${file}:${at + 1}`] : [])
    );
  assert.deepEqual(wide, []);
});

Deno.test("no type is forced, except by files that reach into the platform", () => {
  const wrong = sources
    .filter((file) => file.endsWith(".ts") && !FORCES_TYPES.includes(file))
    .flatMap((file) => linesWith(codeOf(read(file)), /\bas unknown as\b/).map((line) => `${file}:${line}`));
  assert.deepEqual(wrong, []);
});

Deno.test("no files import one another in a circle, not even types", async () => {
  const edges = await importEdges(sources.filter((file) => file.endsWith(".ts")));
  assert.deepEqual(circles(edges), []);
});

Deno.test("random tests use the fixed seed", () => {
  const wrong = typescript.filter((file) =>
    file.endsWith("_test.ts") && /^import fc from "fast-check"/m.test(read(file)) &&
    !/support\/seed\.ts"/.test(read(file))
  );
  assert.deepEqual(wrong, []);
});

Deno.test("files are named in snake_case, for what they hold", () => {
  const wrong = [...sources, ...typescript]
    .flatMap((file) => file.split("/").map((part) => ({ file, part })))
    .filter(({ part }) => VAGUE_NAMES.test(part) || (part.includes(".") && !SNAKE_CASE.test(part)))
    .map(({ file }) => file);
  assert.deepEqual(wrong, []);
});

Deno.test("no file does nothing but hand on what others export", () => {
  const barrels = sources
    .filter((file) => file.endsWith(".ts"))
    .filter((file) => {
      const code = codeOf(read(file)).trim();
      return code !== "" &&
        code.replace(/export\s+(type\s+)?(\*(\s+as\s+\w+)?|\{[^}]*\})\s+from\s+["']{2};?/g, "").trim() === "";
    });
  assert.deepEqual(barrels, []);
});

Deno.test("the lock file pins by integrity alone and names no machine to download from", () => {
  assert.deepEqual(linesWith(read("deno.lock"), /"(tarball|resolved)"|https?:\/\//), []);
});
