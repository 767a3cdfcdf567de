/** `explain` is asked by people and scripts: whatever the words, it answers in words. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseSources } from "../../src/cli/parse_sources.ts";
import { runExplain } from "../../src/cli/explain.ts";
import { systemClock } from "../../src/time/clock.ts";
import "../support/seed.ts";

const piece = fc.oneof(
  fc.string({ unit: "binary", maxLength: 4 }),
  fc.constantFrom(
    "http://",
    "https://",
    "//",
    "/",
    "?",
    "#",
    "@",
    ":",
    "[",
    "::1",
    "]",
    "%",
    "%2f",
    "..",
    "☃",
    "a",
    "1.2.3.4",
  ),
);
const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));
const url = fc.oneof(text, text.map((rest) => `/${rest}`), text.map((rest) => `http://${rest}`));
const header = fc.tuple(
  fc.oneof(
    fc.constantFrom("host", "cookie", "connection", "upgrade", "content-length", "x-forwarded-for", "via"),
    text,
  ),
  text,
).map(([name, value]) => `${name}: ${value}`);

Deno.test("explain never throws, whatever method, URL and headers it is asked about", async () => {
  const environment = {
    BACKEND_SERVERS: "127.0.0.1:9/base",
    HEADER_CONVENTION_ENABLE: "true",
    LOCATION_REWRITE: "true",
    PRESERVE_HOST: "true",
    ALGORITHM: "HASH",
    HASH_KEY: "header:host",
  };
  const result = await parseSources({ flags: {}, environment, envFile: null, configFile: null });
  assert.deepEqual(result.problems, []);
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.constant("GET"), text),
      url,
      fc.array(header, { maxLength: 3 }),
      async (method, url, header) => {
        const { exitCode, stdout, stderr } = await runExplain({ method, url, result }, { header }, systemClock);
        assert.ok(exitCode === 0 ? stdout.length > 0 : stderr.split("\n").length === 2, stdout + stderr);
      },
    ),
    { numRuns: 3000 },
  );
});
