import assert from "node:assert/strict";
import { findProgram, testWithPrograms } from "../support/have_program.ts";
import { freePort, isListening } from "../support/free_port.ts";
import { LineCollector } from "../support/line_collector.ts";
import { until } from "../support/poll.ts";
import { runSluice, startSluice } from "../support/sluice_process.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";
import { askOne, parseAsk, startTargets } from "./asking.ts";
import { filled, type Sample } from "./sample.ts";

/** How the program whose configuration is imported is started. */
export interface Original {
  /** The kind for `sluice import`. */
  readonly kind: string;
  readonly program: string;
  /** The name that the configuration gets. */
  readonly file: string;
  /** Arguments; `file` is where the configuration stands, in a folder of its own. */
  readonly args: (file: string, folder: string) => readonly string[];
  /** Makes the configuration that the program needs out of the sample's, if that is a part of one. */
  readonly whole?: (config: string, folder: string) => string;
}

/** Starts the original and sluice with what it imports, asks both the same, and compares the answers. */
export function sideBySide(original: Original, samples: readonly Sample[]): void {
  for (const sample of samples) {
    testWithPrograms(
      [original.program],
      `${original.program} and sluice answer the same: ${sample.title}`,
      () => compare(original, sample),
    );
  }
}

async function compare(original: Original, sample: Sample): Promise<void> {
  await using targets = startTargets();
  await using dir = await tempDir();
  // A program that gives up its rights must still reach its files.
  await Deno.chmod(dir.path, 0o755);
  const listen = String(freePort());
  const config = filled(sample.config, { ...targets.places, listen });
  await Deno.writeTextFile(`${dir.path}/imported.${original.file}`, config);
  await using theirs = await startOriginal(original, config, dir, Number(listen));
  const done = await runSluice(["import", original.kind, `imported.${original.file}`], {}, { cwd: dir.path });
  assert.ok(done.code === 0 || done.code === 3, done.stderr);
  assert.doesNotMatch(done.stdout, /-> the rule needs /);
  await using sluice = await startSluice({ envFileText: done.stdout });
  for (const ask of sample.asks) {
    const question = parseAsk(ask);
    const [expected, actual] = await Promise.all([askOne(theirs.url, question), askOne(sluice.url, question)]);
    const say = `${ask}\n${done.stdout}\n${theirs.stderr}`;
    if (question.anyTarget) assert.deepEqual({ ...actual, target: "any" }, { ...expected, target: "any" }, say);
    else assert.deepEqual(actual, expected, say);
  }
}

async function startOriginal(
  original: Original,
  config: string,
  dir: TempDir,
  port: number,
): Promise<{ url: string; stderr: string } & AsyncDisposable> {
  const file = `${dir.path}/${original.file}`;
  await Deno.writeTextFile(file, original.whole?.(config, dir.path) ?? config);
  const child = new Deno.Command(findProgram(original.program)!, {
    args: [...original.args(file, dir.path)],
    cwd: dir.path,
    env: { HOME: dir.path, XDG_DATA_HOME: dir.path, XDG_CONFIG_HOME: dir.path },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const stderr = new LineCollector(child.stderr);
  let ended = false;
  child.status.then(() => ended = true);
  const running = {
    url: `http://127.0.0.1:${port}`,
    get stderr() {
      return stderr.text;
    },
    async [Symbol.asyncDispose]() {
      if (!ended) child.kill("SIGTERM");
      await child.status;
      await stderr.ended;
    },
  };
  try {
    await until(async () => {
      if (ended) throw new Error(`${original.program} ended: ${stderr.text}`);
      return await isListening(port);
    }, () => `${original.program} on port ${port}: ${stderr.text}`);
  } catch (error) {
    await running[Symbol.asyncDispose]();
    throw error;
  }
  return running;
}
