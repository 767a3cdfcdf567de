import assert from "node:assert/strict";
import { configOf, messages, MINIMAL, parseEnvironment } from "./parse_with.ts";

const stickinessOf = (environment: Record<string, string>) =>
  configOf(parseEnvironment({ ...MINIMAL, ...environment })).groups[0]!.stickiness;

Deno.test("any algorithm has stickiness if it is switched on, and STICKY is ROUND_ROBIN with it", () => {
  const defaults = { ttlMs: 86_400_000, applicationCookie: null, cookieName: "sluice-web", secret: null };
  assert.equal(stickinessOf({}), null);
  assert.deepEqual(stickinessOf({ TARGET_GROUP_1_STICKINESS_ENABLED: "true" }), defaults);
  assert.deepEqual(stickinessOf({ LOAD_BALANCING_ALGORITHM: "LRT", STICKINESS_ENABLED: "1" }), defaults);
  assert.deepEqual(stickinessOf({ LOAD_BALANCING_ALGORITHM: "STICKY" }), defaults);
  const { settings } = parseEnvironment({ ...MINIMAL, TARGET_GROUP_1_ALGORITHM: "sticky" });
  const shown = settings.find(({ variable }) => variable === "TARGET_GROUP_1_STICKINESS_ENABLED")!;
  assert.deepEqual([shown.value, shown.origin], ["true", "algorithm STICKY"]);
});

Deno.test("an application's cookie may have any name but the one of sluice's", () => {
  const env = { STICKINESS_ENABLED: "true" };
  assert.equal(stickinessOf({ ...env, STICKINESS_COOKIE: "__Host-id" })?.applicationCookie, "__Host-id");
  const { problems } = parseEnvironment({ ...MINIMAL, ...env, TARGET_GROUP_1_STICKINESS_COOKIE: "sluice-web" });
  assert.deepEqual(messages(problems), [
    'TARGET_GROUP_1_STICKINESS_COOKIE: Cannot be "sluice-web": that is the name of sluice\'s own cookie',
  ]);
});

Deno.test("STICKY_TTL is an older name of STICKINESS_TTL, for one group and for all", () => {
  const ttl = (environment: Record<string, string>) =>
    stickinessOf({ STICKINESS_ENABLED: "true", ...environment })?.ttlMs;
  assert.equal(ttl({ STICKINESS_TTL: "2s" }), 2000);
  assert.equal(ttl({ STICKY_TTL: "3s" }), 3000);
  assert.equal(ttl({ STICKINESS_TTL: "2s", TARGET_GROUP_1_STICKY_TTL: "4s" }), 4000);
  assert.equal(ttl({ STICKY_TTL: "3s", TARGET_GROUP_1_STICKINESS_TTL: "5s" }), 5000);
});

Deno.test("both names of one variable are an error", () => {
  const problems = (environment: Record<string, string>) =>
    messages(parseEnvironment({ ...MINIMAL, STICKINESS_ENABLED: "true", ...environment }).problems);
  assert.deepEqual(problems({ STICKINESS_TTL: "2s", STICKY_TTL: "2s" }), [
    "STICKINESS_TTL and STICKY_TTL: Two names of one variable: set only the first",
  ]);
  assert.deepEqual(problems({ TARGET_GROUP_1_STICKINESS_TTL: "2s", TARGET_GROUP_1_STICKY_TTL: "3s" }), [
    "TARGET_GROUP_1_STICKINESS_TTL and TARGET_GROUP_1_STICKY_TTL: Two names of one variable: set only the first",
  ]);
  assert.deepEqual(problems({ STICKINESS_TTL: "2s", STICKY_TTL: " " }), []);
});
