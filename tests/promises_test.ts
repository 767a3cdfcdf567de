import assert from "node:assert/strict";

/** How many promises each of the five systems makes. */
const PROMISES: Readonly<Record<string, number>> = { A: 74, B: 6, C: 24, D: 15, E: 17 };

/** Promises that no test's title has to name, each with the reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  E17: "says where E comes from; E1 to E16 are what it asks for",
};

/** The first string of a test's or step's declaration: its title. */
const TITLE =
  /\b(?:Deno\.test|testWithPrograms|step)\(\s*(?:\[[^\]]*\],\s*)?(?:\{\s*name:\s*)?(["'`])((?:\\.|(?!\1)[^\\])*)\1/g;

/** Every title under a directory of tests, with its file. */
async function titlesUnder(directory: URL): Promise<{ file: string; title: string }[]> {
  const titles: { file: string; title: string }[] = [];
  for await (const entry of Deno.readDir(directory)) {
    const url = new URL(entry.isDirectory ? `${entry.name}/` : entry.name, directory);
    if (entry.isDirectory) titles.push(...await titlesUnder(url));
    if (!entry.isFile || !entry.name.endsWith("_test.ts")) continue;
    const text = await Deno.readTextFile(url);
    titles.push(...[...text.matchAll(TITLE)].map((match) => ({ file: entry.name, title: match[2]! })));
  }
  return titles;
}

/** The promises that a title names: `A22`, and all of `A42 to A47` or `A42-A47`. */
function promisesIn(title: string): string[] {
  const found: string[] = [];
  for (const [, letter, first, , last] of title.matchAll(/\b([A-E])(\d{1,2})\b(?:(?: to |-)(\1)(\d{1,2})\b)?/g)) {
    for (let n = Number(first); n <= Number(last ?? first); n++) found.push(`${letter}${n}`);
  }
  return found;
}

Deno.test("every promise to users of the five systems is named by a test or a reasoned exception", async () => {
  const titles = await titlesUnder(new URL("./", import.meta.url));
  assert.ok(titles.length > 100, `${titles.length} titles were found`);
  const named = new Map<string, string>();
  for (const { file, title } of titles) for (const promise of promisesIn(title)) named.set(promise, file);

  const all = Object.entries(PROMISES).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, i) => `${letter}${i + 1}`)
  );
  assert.deepEqual(all.filter((each) => !named.has(each) && !(each in EXCEPTIONS)), [], "promises that no test names");
  assert.deepEqual([...named].filter(([each]) => !all.includes(each)), [], "names of promises that there are none of");
  assert.deepEqual(Object.keys(EXCEPTIONS).filter((each) => named.has(each)), [], "exceptions that are none any more");
});
