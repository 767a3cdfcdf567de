import assert from "node:assert/strict";
import fc from "fast-check";
import { duration, formatDuration, parseDuration } from "../../src/config/values/duration.ts";
import type { Config } from "../../src/config/model.ts";
import type { ParseResult } from "../../src/config/parse_config.ts";
import type { Sources } from "../../src/config/sources/sources.ts";
import { formatTarget, parseTarget } from "../../src/config/values/target_text.ts";
import { VARIABLES } from "../../src/config/variables/variables.ts";
import { canonicalPath } from "../../src/rules/canonical_path.ts";
import { PATH } from "../../src/config/values/path_values.ts";
import { runCheck } from "../../src/cli/check.ts";
import { parseWith } from "../unit/config/parse_with.ts";
import "../support/seed.ts";

const NAMES = [...new Set(VARIABLES.flatMap((each) => [each.name, each.global ?? each.name, ...(each.aliases ?? [])]))];

/** Any variable's name, now and then with a mistake. */
const name = fc.tuple(fc.constantFrom(...NAMES), fc.integer({ min: 0, max: 3 }), fc.string({ maxLength: 1 })).map((
  [name, number, extra],
) => name.replace("<N>", String(number)) + (number === 3 ? extra : ""));

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "",
    "tcp://1.2.3.4:80",
    "a:80",
    "a:80,a:80",
    "[::1]:1/x",
    "/",
    "/a/..",
    "1",
    "true",
    "::",
    "WEIGHTED",
    "200-299",
  ),
  fc.constantFrom(...VARIABLES.map((each) => each.example)),
);

const file = fc.oneof(
  fc.constant(null),
  fc.record({
    path: fc.string(),
    text: fc.oneof(text, fc.json(), fc.constant('[{"id":1,"host":"a","port":1,"x":[]}]')),
  }),
  fc.record({ path: fc.string(), error: fc.string() }),
);

Deno.test("whatever the sources hold, parsing ends with a configuration or with problems of one line each", () => {
  fc.assert(
    fc.property(
      fc.dictionary(name, text, { maxKeys: 12 }),
      fc.record({ host: text, port: text, interval: text, targets: text, algorithm: text }, { requiredKeys: [] }),
      fc.oneof(file, fc.record({ path: fc.constant(".env"), text: fc.array(fc.tuple(name, text)).map(asLines) })),
      file,
      (environment, flags, envFile, configFile) => {
        const result = parseWith({ environment, flags, envFile, configFile });
        assert.equal(result.config === null, result.problems.length > 0);
        for (const { message } of result.problems) {
          // a file's path is the operator's own, and is printed as it is
          if (envFile === null && configFile === null) assert.ok(!/[\p{Cc}\u2028\u2029]/u.test(message), message);
        }
        runCheck(result);
        JSON.parse(runCheck(result, { json: true }).text);
      },
    ),
    { numRuns: 1000 },
  );
});

function asLines(pairs: [string, string][]): string {
  return pairs.map(([name, value]) => `${name}=${value}`).join("\n");
}

const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6().map((address) => `[${address}]`), fc.constant("localhost"));
const target = fc.tuple(
  fc.constantFrom("", "http://", "https://"),
  host,
  fc.option(fc.integer({ min: 1, max: 65535 })),
  fc.constantFrom("", "/", "/v1", "/v1/", "/v1//", "/a/b%20c"),
).map(([scheme, host, port, base]) => `${scheme}${host}${port === null ? "" : `:${port}`}${base}`)
  .filter((text) => "host" in parseTarget(text));
const targets = fc.uniqueArray(target, {
  minLength: 1,
  maxLength: 5,
  selector: (text) => JSON.stringify(parseTarget(text)),
});

/** The examples of some variables, under the name for all groups. */
const chosen = fc.subarray(
  VARIABLES.filter(({ name, exampleNeeds }) =>
    exampleNeeds === undefined &&
    !/^LISTENER_RULE|^BACKEND|_<N>_(NAME|TARGETS|WEIGHTS|ALGORITHM|TLS_\w+)$|^ADMIN_HOST$/.test(name)
  ),
).map((definitions) => Object.fromEntries(definitions.map(({ name, global, example }) => [global ?? name, example])));

const environment = fc.oneof(
  fc.tuple(chosen, targets, fc.constantFrom("ROUND_ROBIN", "STICKY", "hash", "Least_Response_Time")).map((
    [chosen, targets, algorithm],
  ) => ({ ...chosen, LOAD_BALANCING_ALGORITHM: algorithm, BACKEND_SERVERS: targets.join(",") })),
  fc.tuple(chosen, fc.array(targets, { minLength: 1, maxLength: 3 }), fc.nat({ max: 50 })).map((
    [chosen, groups, gap],
  ) => ({
    ...chosen,
    ...Object.assign(
      {},
      ...groups.map((targets, index) => {
        const number = index * (gap + 1);
        return {
          [`TARGET_GROUP_${number}_NAME`]: `g ${index} <é>`,
          [`TARGET_GROUP_${number}_TARGETS`]: targets.join(" , "),
          [`TARGET_GROUP_${number}_FAIL_OPEN`]: String(gap % 2),
          [`LISTENER_RULE_${number}_PATH_PREFIX`]: `/p${index}`,
          [`LISTENER_RULE_${number}_TARGET_GROUP`]: `g ${index} <é>`,
        };
      }),
    ),
  })),
);

Deno.test("the effective values that check prints parse back to the same configuration", () => {
  fc.assert(
    fc.property(environment, (environment: Record<string, string>) => {
      const first = parseWith({ environment });
      // Without Via a target that is the listener is an error, and no text alone would tell.
      fc.pre(!first.problems.some(({ message }) => message.includes("is the listener itself")));
      assert.deepEqual(first.problems, []);
      const again = parseWith({ environment: asEnvironment(first) });
      assert.deepEqual(again.problems, []);
      assert.deepEqual(withoutAsking(again.config!), withoutAsking(first.config!));
    }),
    { numRuns: 300 },
  );
});

Deno.test("the effective values of a servers file's door parse back too, with the same file", () => {
  fc.assert(
    fc.property(chosen, fc.boolean(), (environment, asEnvFile) => {
      const configFile = {
        path: "servers.json",
        text: '[{"id":1,"host":"a","port":1,"weight":3},{"host":"b","port":2}]',
      };
      const first = parseWith({ environment, configFile });
      const printed = asEnvironment(first);
      const lines = Object.entries(printed).map(([name, value]) => `${name}="${value}"`).join("\n");
      const sources: Partial<Sources> = asEnvFile
        ? { envFile: { path: ".env", text: lines } }
        : { environment: printed };
      const again = parseWith({ ...sources, configFile });
      assert.deepEqual(again.problems, []);
      assert.deepEqual(withoutAsking(again.config!), withoutAsking(first.config!));
    }),
    { numRuns: 100 },
  );
});

/** What is printed, as variables again; the servers of a file are no variables. */
function asEnvironment(result: ParseResult): Record<string, string> {
  return Object.fromEntries(
    result.settings.filter((setting) => !setting.variable.includes("$")).map((
      { variable, value },
    ) => [variable, value]),
  );
}

/** Printing the default port makes it one that was asked for; nothing else may differ. */
function withoutAsking(config: Config): Config {
  return { ...config, admin: { ...config.admin, portWasAskedFor: false } };
}

Deno.test("durations read back as they were written", () => {
  fc.assert(fc.property(fc.maxSafeNat(), (ms) => assert.equal(parseDuration(formatDuration(ms)), ms)));
  fc.assert(fc.property(fc.nat({ max: 40_000_000 }), (seconds) => {
    assert.equal(parseDuration(`${seconds}s`), seconds * 1000);
    assert.equal(duration(0, Number.MAX_SAFE_INTEGER).parse(`${seconds * 1000}`), seconds * 1000);
  }));
});

Deno.test("targets read back as they were written", () => {
  fc.assert(fc.property(target, (text) => {
    const first = parseTarget(text);
    assert.ok("host" in first);
    assert.deepEqual(parseTarget(formatTarget(first)), first);
  }));
});

Deno.test("a prefix that configuration accepts is one that a request's path can have", () => {
  const path = fc.oneof(
    fc.string().map((text) => `/${text}`),
    fc.array(fc.constantFrom("a", "/", ".", "..", "%2e", "%2E", "é", '"', "{", "%", "//", "\\", "?", "#", " ", "'"))
      .map((
        pieces,
      ) => `/${pieces.join("")}`),
  );
  fc.assert(
    fc.property(path, (path) => {
      const accepted = PATH.parse(path) === path;
      const reachable = !/[?]/.test(path) && canonicalPath(path) === path;
      assert.equal(accepted, reachable, path);
    }),
    { numRuns: 5000 },
  );
});
