/** Text from configuration, arguments and files as it reaches a terminal: it must neither drive it nor forge a line. */
import assert from "node:assert/strict";
import { runSluice, startSluice } from "../../support/sluice_process.ts";
import { until } from "../../support/poll.ts";
import { tempDir } from "../../support/temp_dir.ts";

/** Sets a title, clears the screen (as C0 and C1), turns the direction of writing, hides, ends lines. */
const HOSTILE = "a\x1b]0;title\x07\x1b[2J\u009b2J\u202eb\u2066c\u200bd\u00ade\u2028\u{e0041}f\r\nFORGED line\x7f";
/** As a `.env` line can hold it. */
const IN_LINE = HOSTILE.replace(/[\r\n\u2028]/g, "");
const IN_NAME = IN_LINE.replaceAll(" ", "");

/** What no terminal may get: everything that is not written but does something, the line feed apart. */
const DOES_SOMETHING = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

function assertHarmless(text: string, what: string) {
  const at = text.search(DOES_SOMETHING);
  assert.ok(at < 0, `${what} prints ${JSON.stringify(text.slice(Math.max(0, at - 40), at + 20))}`);
  assert.ok(!/^FORGED/m.test(text), `${what} lets a value begin a line: ${text}`);
}

const GROUP = {
  TARGET_GROUP_1_NAME: "app",
  TARGET_GROUP_1_TARGETS: "127.0.0.1:9",
  LISTENER_RULE_1_PATH_PREFIX: "/",
  LISTENER_RULE_1_TARGET_GROUP: "app",
};

const COMMANDS: readonly (readonly string[])[] = [
  ["check"],
  ["check", "--json"],
  ["serve"],
  ["explain", "GET", "/"],
  ["status"],
  ["healthcheck"],
];

Deno.test("values, names and lines of variables never drive a terminal, whatever command prints them", async () => {
  const environments: Record<string, string>[] = [
    { ...GROUP, LISTENER_PORT: HOSTILE, LOG_LEVEL: HOSTILE, ADMIN_PORT: HOSTILE },
    { ...GROUP, TARGET_GROUP_1_NAME: HOSTILE, TARGET_GROUP_1_TARGETS: HOSTILE, TARGET_GROUP_1_WEIGHTS: HOSTILE },
    { ...GROUP, [`TARGET_GROUP_1_${HOSTILE}`]: "1", [`LISTENER_${HOSTILE}`]: "1" },
    { ...GROUP, LISTENER_RULE_1_PATH_PREFIX: HOSTILE, LISTENER_RULE_1_TARGET_GROUP: HOSTILE },
    { BACKEND_SERVERS: HOSTILE, ALGORITHM: HOSTILE, LISTENER_SERVICE_HOST: HOSTILE },
  ];
  for (const args of COMMANDS.slice(0, 4)) {
    for (const [index, env] of environments.entries()) {
      const { stdout, stderr } = await runSluice(args, env);
      assert.match(stdout + stderr, /title/);
      assertHarmless(stdout + stderr, `${args.join(" ")} with environment ${index}`);
    }
  }
});

Deno.test("a .env file and a servers file never drive a terminal", async () => {
  const envFileText = [
    ...Object.entries(GROUP).map(([name, value]) => `${name}=${value}`),
    `TARGET_GROUP_1_${IN_NAME}=1`,
    `LISTENER_${IN_NAME}=1`,
    `LISTENER_PORT=${IN_LINE}`,
    `${IN_NAME}=1`,
    `${IN_NAME}=2`,
    `no assignment ${IN_LINE}`,
  ].join("\n");
  for (const args of COMMANDS) {
    const { stdout, stderr } = await runSluice(args, { ADMIN_PORT: "9" }, { envFileText });
    assertHarmless(stdout + stderr, `${args.join(" ")} with a .env file`);
  }
  await using dir = await tempDir();
  for (
    const [name, text] of [["s.json", JSON.stringify([{ [HOSTILE]: 1, host: HOSTILE }])], [IN_NAME, `["${HOSTILE}`]]
  ) {
    await Deno.writeTextFile(`${dir.path}/${name}`, text!);
    for (const args of COMMANDS.slice(0, 4)) {
      const { stdout, stderr } = await runSluice([...args, "--config", name!], {}, { cwd: dir.path });
      assert.match(stdout + stderr, /title/);
      assertHarmless(stdout + stderr, `${args.join(" ")} --config ${JSON.stringify(name)}`);
    }
  }
});

Deno.test("arguments never drive a terminal", async () => {
  const lines: readonly (readonly string[])[] = [
    [HOSTILE],
    ["check", HOSTILE],
    ["check", `--${HOSTILE}`],
    ["help", HOSTILE],
    ["check", "--env-file", HOSTILE],
    ["check", "--config", HOSTILE],
    ["check", "--port", HOSTILE],
    ["check", "--interval", HOSTILE],
    ["check", "--targets", HOSTILE],
    ["check", "--algorithm", HOSTILE],
    ["explain", HOSTILE, "/"],
    ["explain", "GET", HOSTILE],
    ["explain", "GET", `/${HOSTILE}`],
    ["explain", "GET", `http://${HOSTILE}/`],
    ["explain", "GET", "/", "-H", HOSTILE],
    ["explain", "GET", "/", "-H", `x: ${HOSTILE}`],
    ["explain", "GET", "/", "-H", "x: \u009b2J"],
    ["explain", "GET", "/", "-H", "host: \u009b2J"],
    ["explain", "GET", "/", "--admin", HOSTILE],
    ["status", "--admin", HOSTILE],
    ["status", "--admin", `http://${IN_NAME}`],
    ["mock", HOSTILE],
    ["mock", "0", "--host", HOSTILE],
    ["demo", "--duration", HOSTILE],
    ["load", "--url", HOSTILE],
    ["load", "--url", `http://127.0.0.1:9/${HOSTILE}`, "--method", HOSTILE, "--header", HOSTILE, "--rate", HOSTILE],
    ["load", "--url", "http://127.0.0.1:9/", "--json", HOSTILE, "--plot", HOSTILE],
    ["load", "--url", `http://${IN_NAME}/`],
  ];
  for (const args of lines) {
    const { code, stdout, stderr } = await runSluice(args, GROUP);
    assert.ok(stdout + stderr !== "" || code === 0, `${JSON.stringify(args)} says nothing`);
    assertHarmless(stdout + stderr, JSON.stringify(args));
  }
});

Deno.test("a reload with such text leaves the log harmless, as JSON and as text", async () => {
  for (const format of ["json", "text"]) {
    await using sluice = await startSluice({
      ready: [],
      env: { LOG_FORMAT: format },
      envFileText: Object.entries(GROUP).map(([name, value]) => `${name}=${value}`).join("\n"),
    });
    await until(() => sluice.stderr.includes("Listening on"), "sluice to listen");
    await Deno.writeTextFile(
      `${sluice.cwd}/.env`,
      `TARGET_GROUP_1_NAME=${IN_LINE}\nTARGET_GROUP_1_${IN_NAME}=1\n${IN_LINE}\n`,
    );
    sluice.signal("SIGHUP");
    await until(() => sluice.stderr.includes("old one stays in use"), "the reload to be refused");
    await Deno.writeTextFile(
      `${sluice.cwd}/.env`,
      Object.entries(GROUP).map(([name, value]) => `${name}=${value}`).join("\n") +
        `\nLISTENER_RULE_2_PATH_PREFIX=/other\nLISTENER_RULE_2_TARGET_GROUP=app\nno assignment ${IN_LINE}\n`,
    );
    sluice.signal("SIGHUP");
    await until(() => sluice.stderr.includes("Configuration reloaded"), "the reload");
    assert.match(sluice.stderr, /title/);
    assertHarmless(sluice.stderr, `the log as ${format}`);
  }
});
