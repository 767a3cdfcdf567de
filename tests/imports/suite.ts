import assert from "node:assert/strict";
import { imported, importedForUse, problemsOf } from "./imported.ts";
import { filled, type Sample } from "./sample.ts";

/** How a kind of configuration is written. */
export interface SyntaxOf {
  readonly file: string;
  /** Lines that say nothing: braces, comments, names of sections that have no meaning of their own. */
  readonly says: (line: string) => boolean;
}

/** What holds for the import of every sample. */
export function suiteOfSamples(kind: string, samples: readonly Omit<Sample, "asks">[], syntax: SyntaxOf): void {
  const { says } = syntax;
  for (const sample of samples) {
    const file = sample.file ?? syntax.file;
    Deno.test(`import ${kind}: ${sample.title}`, async () => {
      const { text, leftOut } = await imported(kind, filled(sample.config), { file });
      const lines = text.split("\n");
      for (const line of sample.has) {
        assert.ok(lines.some((each) => withoutNumber(each, line) === line), `${line}\nis missing in\n${text}`);
      }
      for (const words of sample.leftOut ?? []) {
        assert.ok(text.slice(text.indexOf("# Not carried over:")).includes(words), `${words}\nis missing in\n${text}`);
      }
      if (sample.leftOut !== undefined) assert.ok(leftOut >= sample.leftOut.length);
    });

    Deno.test(`import ${kind} names every line of: ${sample.title}`, async () => {
      const { text } = await imported(kind, filled(sample.config), { file });
      const lost = sample.config.split("\n").flatMap((line, i) =>
        says(line) && !new RegExp(`^# ${file}:${i + 1}\\b`, "m").test(text) ? [`${file}:${i + 1}: ${line.trim()}`] : []
      );
      assert.deepEqual(lost, [], text);
    });

    Deno.test(`import ${kind} writes what sluice check accepts: ${sample.title}`, async () => {
      const { text } = await importedForUse(kind, filled(sample.config), file);
      const problems = await problemsOf(text);
      assert.deepEqual(problems, [], text);
    });
  }
}

/** A line with `<N>` for the number of its rule, if the wanted one has it so. */
function withoutNumber(line: string, wanted: string): string {
  return wanted.includes("_RULE_<N>_") ? line.replace(/_RULE_\d+_/, "_RULE_<N>_") : line;
}
