/** Pages point at each other, at files and at headings: what they point at exists. */
import assert from "node:assert/strict";
import { isKnown } from "../../src/config/variables/variables.ts";
import { projectFiles } from "../support/module_graph.ts";
import { PROJECT_ROOT } from "../support/sluice_program.ts";

const pages = [
  ...["README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"],
  ...["docs", "examples"].flatMap((folder) => projectFiles(folder)).filter((file) => file.endsWith(".md")),
];
const shipped = [
  ...pages,
  ...["Dockerfile", ".dockerignore", "deno.json", "tests/test_examples.sh", "tests/test_load_balancer.sh"],
  ...["deploy", "examples"].flatMap((folder) => projectFiles(folder)),
];

const read = (file: string) => Deno.readTextFileSync(PROJECT_ROOT + file);

/** The links of a page that stay in the project; what stands in code is no link. */
function links(text: string): string[] {
  const prose = text.replace(/^(```|~~~)[\s\S]*?^\1/gm, "").replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!)
    .filter((link) => !/^[a-z]+:/.test(link));
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map((match) =>
    match[1]!.toLowerCase().replace(/[^\p{Letter}\p{Number} _-]/gu, "").replaceAll(" ", "-")
  );
}

for (const page of pages) {
  Deno.test(`every link of ${page} leads somewhere`, () => {
    const folder = page.includes("/") ? page.slice(0, page.lastIndexOf("/") + 1) : "";
    for (const link of links(read(page))) {
      const [path, anchor] = link.split("#");
      const file = path === "" ? page : new URL(folder + path, "file:///").pathname.slice(1);
      assert.ok(exists(file), `${page} points at ${link}`);
      if (anchor) assert.ok(anchors(read(file)).includes(anchor), `${page} points at ${link}`);
    }
  });
}

Deno.test("every page of docs is found from the README", () => {
  const linked = links(read("README.md"));
  const lost = pages.filter((page) => page.startsWith("docs/") && !linked.includes(page));
  assert.deepEqual(lost, [], "each page of docs has a row in the README's last table");
});

Deno.test("CONTRIBUTING.md gives a reason for every dependency", () => {
  const names = Object.keys(JSON.parse(read("deno.json")).imports);
  const [, dependencies] = read("CONTRIBUTING.md").split("## Dependencies");
  assert.deepEqual(names.filter((name) => !new RegExp(`[|( ,]${name}[ ,(]`).test(dependencies!)), []);
});

Deno.test("nothing that is shipped names a place of the machine it was made on", () => {
  const wrong = shipped.filter((file) => /(^|[\s"'`(=])\/(tmp|work|root|home\/\w+)\//m.test(read(file)));
  assert.deepEqual(wrong, []);
});

Deno.test("every variable that a page shows with a value exists", () => {
  const shown = pages.flatMap((page) =>
    [...read(page).matchAll(/\b((?:TARGET_GROUP|LISTENER|HEALTH_CHECK)_[A-Z0-9_]+)=/g)].map((match) => match[1]!)
  );
  assert.ok(shown.length > 10);
  assert.deepEqual(shown.filter((name) => !isKnown(name)), []);
});

function exists(file: string): boolean {
  try {
    Deno.statSync(PROJECT_ROOT + file);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
