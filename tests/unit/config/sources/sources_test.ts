import assert from "node:assert/strict";
import { shownValue } from "../../../../src/config/setting.ts";
import { configOf, messages, MINIMAL, parseEnvironment, parseWith } from "../parse_with.ts";

Deno.test("flags go before the environment, the environment before .env, and .env before the default", () => {
  const { settings } = parseWith({
    flags: { port: "1" },
    environment: { ...MINIMAL, LISTENER_PORT: "2", CONNECTION_TIMEOUT: "2s", LOG_LEVEL: "" },
    envFile: {
      path: ".env",
      text:
        "# first\nLISTENER_PORT=3\nCONNECTION_TIMEOUT=3s\n\nexport LOG_LEVEL = debug # loud\nHEALTH_CHECK_PATH=/x\n",
    },
  });
  const origin = (variable: string) => {
    const { value, origin } = settings.find((setting) => setting.variable === variable)!;
    return `${value} from ${origin}`;
  };
  assert.equal(origin("LISTENER_PORT"), "1 from flag --port");
  assert.equal(origin("CONNECTION_TIMEOUT"), "2s from environment");
  assert.equal(origin("LOG_LEVEL"), "debug from .env:5");
  assert.equal(origin("ACCESS_LOG"), "true from default");
  assert.equal(origin("TARGET_GROUP_1_HEALTH_CHECK_PATH"), "/x from .env:6 (HEALTH_CHECK_PATH)");
});

Deno.test("a default that belongs to a door says so", () => {
  const { settings } = parseEnvironment({ BACKEND_SERVERS: "a.example" });
  const timeout = settings.find((setting) => setting.variable === "CONNECTION_TIMEOUT")!;
  assert.deepEqual([timeout.value, timeout.origin], ["10s", "default of the backend list"]);
});

Deno.test("a value in a .env file that can't be used is told with its line", () => {
  const { problems } = parseWith({
    envFile: { path: "/etc/sluice.env", text: "A=1\n\nLISTENER_PORT=x\nLISTENER_PROT=1" },
  });
  assert.deepEqual(messages(problems), [
    "LISTENER_PROT (/etc/sluice.env:4): There is no such variable; did you mean LISTENER_PORT?",
    'Cannot use "x" as LISTENER_PORT (/etc/sluice.env:3): it must be off or 0 to 65535',
  ]);
});

Deno.test("quoted values of a .env file go over lines, and later lines keep their number", () => {
  const result = parseWith({
    envFile: {
      path: ".env",
      text: "\ufeffOTHER=\"a\nLISTENER_PORT=1\nb\"\r\nLISTENER_PORT=7\r\nTRUSTED_PROXIES='::1, 10.1.2.3'\r\n",
    },
  });
  const config = configOf(result);
  assert.equal(config.listener.port, 7);
  assert.deepEqual(config.listener.trustedProxies, ["::1/128", "10.1.2.3/32"]);
  assert.equal(result.settings.find((setting) => setting.variable === "LISTENER_PORT")!.origin, ".env:4");
  assert.deepEqual(result.warnings, []);
});

Deno.test("a name that stands twice in .env, and a line that is no assignment, are warnings", () => {
  const result = parseWith({ envFile: { path: ".env", text: "LISTENER_PORT=1\nLISTENER_PORT 2\nLISTENER_PORT=3\n" } });
  assert.equal(configOf(result).listener.port, 3);
  assert.deepEqual(messages(result.warnings), [
    '.env:2: Ignored "LISTENER_PORT 2": a line must be NAME=value',
    "LISTENER_PORT: Set twice in .env (lines 1 and 3): the last value wins",
  ]);
});

Deno.test("a missing --env-file is an error", () => {
  const { problems, config } = parseWith({ envFile: { path: "prod.env", error: "no such file" } });
  assert.equal(config, null);
  assert.deepEqual(messages(problems), ["prod.env: Cannot read it as the .env file: no such file"]);
});

Deno.test("secrets are marked, and shown as stars", () => {
  const { settings } = parseEnvironment({
    ...MINIMAL,
    ADMIN_TOKEN: "0123456789abcdef",
    STICKY_SECRET: "fedcba9876543210",
  });
  const secret = settings.filter((setting) => setting.secret);
  assert.deepEqual(secret.map((setting) => [setting.variable, shownValue(setting)]), [
    ["ADMIN_TOKEN", "***"],
    ["TARGET_GROUP_1_STICKY_SECRET", "***"],
    ["ACME_EAB_HMAC", ""],
  ]);
  assert.equal(shownValue({ value: "", secret: true }), "");
});

Deno.test("admin listener: off, asked for, and its names", () => {
  const admin = (environment: Record<string, string>) =>
    configOf(parseEnvironment({ ...MINIMAL, ...environment })).admin;
  assert.equal(admin({ ADMIN_PORT: "OFF" }).enabled, false);
  assert.equal(admin({ ADMIN_PORT: "9901" }).portWasAskedFor, true);
  assert.equal(admin({ ADMIN_PORT: "0" }).port, 0);
  assert.deepEqual(admin({ ADMIN_HOSTS: "Ops.example, lb" }).hosts, ["ops.example", "lb"]);
  assert.deepEqual(configOf(parseEnvironment({ DNS_SERVER: "[fd00::2]" })).dns.server, {
    address: "fd00::2",
    port: 53,
  });
});

Deno.test("levels of the log are read in any case, and warning is warn", () => {
  for (
    const [text, level] of [["WARNING", "warn"], ["warn", "warn"], ["Debug", "debug"], ["ERROR", "error"]] as const
  ) {
    assert.equal(configOf(parseEnvironment({ LOG_LEVEL: text })).logging.level, level);
  }
});
