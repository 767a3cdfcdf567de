/** Files and arguments that are huge, deep or no text at all: they get a message, never a stack trace. */
import assert from "node:assert/strict";
import { runSluice, startSluice } from "../../support/sluice_process.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { until } from "../../support/poll.ts";

const MANY = 200_000;
const GROUP = [
  "TARGET_GROUP_1_NAME=app",
  "TARGET_GROUP_1_TARGETS=127.0.0.1:9",
  "LISTENER_RULE_1_PATH_PREFIX=/",
  "LISTENER_RULE_1_TARGET_GROUP=app",
].join("\n");
const MOST_LINES = 300;

function assertMessage({ stdout, stderr }: { stdout: string; stderr: string }, what: string) {
  const all = stdout + stderr;
  assert.ok(all.trim() !== "", `${what} says nothing`);
  assert.ok(!/Uncaught|^\s+at |RangeError|TypeError|inside sluice/m.test(all), `${what} says ${all.slice(0, 2000)}`);
  const lines = all.split("\n").length;
  assert.ok(lines <= MOST_LINES, `${what} prints ${lines} lines`);
}

const manyLines = (line: (index: number) => string) =>
  Array.from({ length: MANY }, (_, index) => line(index)).join("\n");

Deno.test("a .env file of 200,000 mistakes is told in a few lines, whatever command reads it", async () => {
  const files = {
    "lines that are no assignments": manyLines(() => "bad line"),
    "a name set again and again": manyLines(() => "A=1"),
    "unknown names": manyLines((index) => `TARGET_GROUP_1_X${index}=1`),
    "too many groups": manyLines((index) => `TARGET_GROUP_${index + 2}_NAME=g${index}`),
    "too many rules": manyLines((index) => `LISTENER_RULE_${index + 2}_PATH_PREFIX=/`),
    "bad targets": `BACKEND_SERVERS=${manyLines((index) => `a${index}:b`).replaceAll("\n", ",")}`,
  };
  for (const [what, text] of Object.entries(files)) {
    const usable = ["lines that are no assignments", "a name set again and again"].includes(what);
    const envFileText = usable ? `${GROUP}\n${text}` : text;
    const checked = await runSluice(["check"], {}, { envFileText });
    assertMessage(checked, `check, ${what}`);
    assert.match(checked.stdout, /\.\.\. and [\d,]+ more|There can be at most/);
    // Looking for what each unknown name may have meant takes seconds, and the other commands read as `check` does.
    if (usable) assertMessage(await runSluice(["explain", "GET", "/"], {}, { envFileText }), `explain, ${what}`);
    else if (what === "bad targets") assertMessage(await runSluice(["serve"], {}, { envFileText }), `serve, ${what}`);
  }
});

Deno.test("a start and a reload with 200,000 bad lines log the first of them and how many there are", async () => {
  const envFileText = `${GROUP}\n${manyLines(() => "bad line")}`;
  await using sluice = await startSluice({ envFileText });
  const warnings = () => sluice.events.filter(({ event }) => event === "config_warning");
  const atStart = warnings().length;
  assert.ok(atStart > 1 && atStart < MOST_LINES, `${atStart} warnings`);
  assert.match(String(warnings().at(-1)!.message), /^\.\.\. and 199,9\d\d more warnings/);
  sluice.signal("SIGHUP");
  await sluice.waitForEvent(({ event }) => event === "reloaded", "the reload");
  assert.equal(warnings().length, 2 * atStart);
  await Deno.writeTextFile(`${sluice.cwd}/.env`, manyLines((index) => `TARGET_GROUP_1_X${index}=1`));
  sluice.signal("SIGHUP");
  const refused = await sluice.waitForEvent(({ event }) => event === "reload_refused", "the refusal");
  assert.ok(Number(refused.problems) >= MANY);
  await until(() => sluice.events.at(-1)?.event === "reload_refused", "the last line");
  assert.ok(sluice.events.filter(({ event }) => event === "reload_problem").length < MOST_LINES);
});

Deno.test("brackets without end in a servers file get a message", async () => {
  const files = [
    "[".repeat(MANY),
    "[".repeat(MANY) + "]".repeat(MANY),
    '{"a":'.repeat(MANY) + "1" + "}".repeat(MANY),
    `[{"id":1,"host":${"[".repeat(MANY)}${"]".repeat(MANY)},"port":1}]`,
    `[{"id":1,"host":${'{"a":'.repeat(MANY)}1${"}".repeat(MANY)},"port":1}]`,
    `[{"id":1,"host":"a","port":1,"x":${"[".repeat(MANY)}${"]".repeat(MANY)}}]`,
    `[${"{},".repeat(MANY)}{}]`,
    `[{${manyLines((index) => `"k${index}":1`).replaceAll("\n", ",")}}]`,
  ];
  await using dir = await tempDir();
  for (const text of files) {
    await Deno.writeTextFile(`${dir.path}/servers.json`, text);
    const result = await runSluice(["check", "--config", "servers.json"], {}, { cwd: dir.path });
    assert.equal(result.code, 2);
    assertMessage(result, `check of ${text.slice(0, 30)}`);
  }
});

Deno.test("explain answers every URL and header in words, a snowman too", async () => {
  const asked = [
    ["http://☃/"],
    ["http://a☃.example:80/x"],
    ["http://é/"],
    ["http://[/"],
    ["http://"],
    ["http://a:99999/"],
    ["/☃?☃#☃"],
    ["☃"],
    ["/", "-H", "host: ☃"],
    ["/", "-H", "☃: x"],
    ["/", "-H", "x: ☃"],
    ["/", "--admin", "http://☃:99999"],
    ["/", "--admin", "http://["],
    ["/" + "a/".repeat(50_000)],
  ];
  for (const words of asked) {
    const result = await runSluice(["explain", "GET", ...words], { BACKEND_SERVERS: "127.0.0.1:9" });
    assertMessage(result, `explain GET ${words.join(" ").slice(0, 80)}`);
  }
  const { code, stderr } = await runSluice(["explain", "GET", "http://☃/"], { BACKEND_SERVERS: "127.0.0.1:9" });
  assert.equal(code, 2);
  assert.equal(
    stderr,
    'Cannot use "http://☃/" as url: a request has its host in ASCII; write "xn--n3h"\n',
  );
});

Deno.test("the admin listener answers such a URL with 400, not 500", async () => {
  await using sluice = await startSluice({ envFileText: GROUP });
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  try {
    for (const url of ["http://☃/", "http://\ud800/"]) {
      const response = await fetch(`${sluice.adminUrl}/explain?url=${encodeURIComponent(url.toWellFormed())}`, {
        client,
      });
      assert.match(await response.text(), /ASCII/);
      assert.equal(response.status, 400);
    }
  } finally {
    client.close();
  }
});
