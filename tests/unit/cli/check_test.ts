import assert from "node:assert/strict";
import { runCheck, takeOutTime } from "../../../src/cli/check.ts";
import { MINIMAL, parseEnvironment, parseWith } from "../config/parse_with.ts";

/** A group with checks as far as the time to take a target out asks. */
function groupWith(intervalMs: number, timeoutMs: number, failureThreshold: number) {
  const { config } = parseEnvironment({
    ...MINIMAL,
    HEALTH_CHECK_ENABLED: "true",
    HEALTH_CHECK_INTERVAL: String(intervalMs),
    HEALTH_CHECK_TIMEOUT: String(timeoutMs),
    HEALTH_CHECK_FAILURE_THRESHOLD: String(failureThreshold),
  });
  return config!.groups[0]!;
}

Deno.test("check prints every value in effect, aligned, and where it came from", () => {
  const { text, exitCode } = runCheck(parseWith({ flags: { port: "81" }, environment: { ...MINIMAL } }));
  assert.equal(exitCode, 0);
  const lines = text.split("\n");
  const column = lines[0]!.indexOf("SOURCE");
  for (
    const [variable, value, origin] of [
      ["LISTENER_PORT", "81", "flag --port"],
      ["TARGET_GROUP_1_NAME", "web", "environment"],
      ["TRUSTED_PROXIES", "-", "default"],
    ] as const
  ) {
    const line = lines.find((each) => each.startsWith(`${variable} `))!;
    assert.equal(line.slice(column), origin);
    assert.equal(line.slice(variable.length, column).trim(), value);
  }
  assert.equal(lines.at(-2), "The configuration is valid");
});

Deno.test("check prints each problem and warning on a line, and ends with 2", () => {
  const { text, exitCode } = runCheck(parseEnvironment({ ...MINIMAL, LISTENER_PORT: "x", CONNECTION_TIMEOUT: "5" }));
  assert.equal(exitCode, 2);
  assert.ok(text.includes('\nProblems:\n  Cannot use "x" as LISTENER_PORT: it must be off or 0 to 65535\n'), text);
  assert.ok(text.includes('\nWarnings:\n  CONNECTION_TIMEOUT: "5" is milliseconds'), text);
  assert.ok(text.endsWith("\nThe configuration is not valid: 1 problem, 1 warning\n"), text);
});

Deno.test("warnings leave the exit code at 0, unless check is strict", () => {
  const result = parseEnvironment({ ...MINIMAL, CONNECTION_TIMEOUT: "5" });
  assert.equal(runCheck(result).exitCode, 0);
  assert.equal(runCheck(result, { strict: true }).exitCode, 2);
  assert.equal(runCheck(parseEnvironment(MINIMAL), { strict: true }).exitCode, 0);
});

Deno.test("notes on the environment are shown, as text and as JSON, and never are errors", () => {
  const result = parseEnvironment(MINIMAL);
  const { text, exitCode } = runCheck(result, { notes: ["Start it so"], strict: true });
  assert.ok(text.endsWith("\n\nNotes:\n  Start it so\n\nThe configuration is valid\n"), text);
  assert.equal(exitCode, 0);
  assert.deepEqual(JSON.parse(runCheck(result, { notes: ["Start it so"], json: true }).text).notes, ["Start it so"]);
  assert.ok(!runCheck(result).text.includes("Notes"));
});

Deno.test("check never prints a secret, as text or as JSON", () => {
  const result = parseEnvironment({ ...MINIMAL, ADMIN_TOKEN: "hunter2hunter2hunter2", STICKY_SECRET: "hunter2" });
  for (const json of [false, true]) {
    const { text } = runCheck(result, { json });
    assert.ok(!text.includes("hunter2"));
    assert.equal(text.split("***").length, 3);
  }
});

Deno.test("check says how to configure it when nothing is", () => {
  const { text, exitCode } = runCheck(parseEnvironment({}));
  assert.equal(exitCode, 0);
  assert.match(text, /every request with 404.*TARGET_GROUP_1_NAME.*BACKEND_SERVERS.*--config/);
});

Deno.test("check --json gives the same as data", () => {
  const good = JSON.parse(runCheck(parseEnvironment(MINIMAL), { json: true }).text);
  assert.equal(good.ok, true);
  assert.equal(good.door, "groups");
  assert.deepEqual(good.takeOutTimes.map((each: { group: string }) => each.group), ["web"]);
  assert.deepEqual(good.settings[0], {
    variable: "LISTENER_HOST",
    value: "0.0.0.0",
    origin: "default",
    secret: false,
  });
  const bad = JSON.parse(runCheck(parseEnvironment({ LISTENER_PROT: "1" }), { json: true }).text);
  assert.deepEqual([bad.ok, bad.door, bad.problems[0].subject], [false, null, "LISTENER_PROT"]);
});

Deno.test("the worst case is interval x threshold + timeout", () => {
  const { worstCaseMs, formula } = takeOutTime(groupWith(30_000, 5000, 2));
  assert.equal(worstCaseMs, 65_000);
  assert.equal(formula, "30s interval x 2 failures + 5s timeout");
  const { text } = runCheck(parseEnvironment({ ...MINIMAL, HEALTH_CHECK_ENABLED: "1" }));
  assert.ok(text.includes("  web: 65s = 30s interval x 2 failures + 5s timeout\n"), text);
});

Deno.test("if a probe may outlast its interval, the worst case counts the turns that it skips", () => {
  assert.equal(takeOutTime(groupWith(5000, 5000, 3)).worstCaseMs, 30_000);
  assert.equal(takeOutTime(groupWith(5000, 20_000, 2)).worstCaseMs, 50_000);
  assert.equal(takeOutTime(groupWith(5000, 20_000, 1)).worstCaseMs, 25_000);
});

Deno.test("without checks there is no worst case, and check says what happens instead", () => {
  const group = parseEnvironment(MINIMAL).config!.groups[0]!;
  assert.equal(takeOutTime(group).worstCaseMs, null);
  assert.match(takeOutTime(group).formula, /checks are off.*another target$/);
  const ejecting = { ...group, ejection: { enabled: true, failures: 5, timeMs: 1 } };
  assert.match(takeOutTime(ejecting).formula, /5 connection failures of live requests in a row/);
});

Deno.test("check says what the engine allows clients, and what only the other one can", () => {
  const clientsOf = (environment: Record<string, string>) =>
    runCheck(parseEnvironment({ ...MINIMAL, ...environment })).text.split("\n\n").find((part) =>
      part.startsWith("Clients ")
    )!.split("\n");
  assert.deepEqual(clientsOf({ LISTENER_ENGINE: "serve", LISTENER_BODY_TIMEOUT: "7s" }), [
    "Clients (LISTENER_ENGINE=serve):",
    "  the next byte of a body within 7s; no limit on slow heads, on idle connections or on their number " +
    "(the engine wire limits them)",
    "  header names in lower case; no trailers, no interim responses, no upgrade but WebSocket",
  ]);
  const limits = {
    LISTENER_IDLE_TIMEOUT: "0",
    LISTENER_MAX_CONNECTIONS: "500",
    LISTENER_MAX_CONNECTIONS_PER_CLIENT: "9",
  };
  const wire = clientsOf({ LISTENER_ENGINE: "wire", LISTENER_HEAD_TIMEOUT: "3s", ...limits });
  assert.equal(
    wire[1],
    "  a head within 3s, the next byte of a body within 30s, a byte of the response taken within 1m, idle " +
      "connections stay open",
  );
  assert.equal(wire[2], "  connections: 500 at most; of one client: 9 at most");
  assert.equal(
    clientsOf({ LISTENER_ENGINE: "wire" })[2],
    "  connections: as many as there are descriptors for; of one client: any number",
  );
});
