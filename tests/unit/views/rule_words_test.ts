import assert from "node:assert/strict";
import { configOf, parseEnvironment } from "../config/parse_with.ts";
import { actionText, conditionsText } from "../../../src/views/rule_words.ts";

/** A rule with these variables, in words. */
function words(rule: Readonly<Record<string, string>>): string {
  const environment: Record<string, string> = {
    TARGET_GROUP_1_NAME: "api",
    TARGET_GROUP_1_TARGETS: "10.0.0.1:80",
    TARGET_GROUP_2_NAME: "canary",
    TARGET_GROUP_2_TARGETS: "10.0.0.2:80",
  };
  for (const [name, value] of Object.entries(rule)) environment[`LISTENER_RULE_1_${name}`] = value;
  const [parsed] = configOf(parseEnvironment(environment)).rules;
  return `${conditionsText(parsed!)} -> ${actionText(parsed!)}`;
}

Deno.test("a rule is shown as people think of it", () => {
  const shown: readonly (readonly [Record<string, string>, string])[] = [
    [{ TARGET_GROUP: "api" }, "every request -> api"],
    [{ PATH_PREFIX: "/api", PATH_REWRITE: "/api", TARGET_GROUP: "api" }, "/api -> api, strips /api"],
    [
      { PATH_PREFIX: "/v1", HOST: "api.example.com", TARGET_GROUP: "api:9,canary:1" },
      "api.example.com /v1 -> api 90 %, canary 10 %",
    ],
    [
      { PATH_REGEX: "^/v[0-9]", METHOD: "GET|HEAD", TARGET_GROUP: "api,canary" },
      "~^/v[0-9] GET|HEAD -> api 50 %, canary 50 %",
    ],
    [
      { HEADER: "X-A: 1", SOURCE_IP: "10.0.0.0/8", REDIRECT: "301 https://#{host}/" },
      "header X-A: 1 source-ip 10.0.0.0/8 -> redirect 301 https://#{host}/",
    ],
    [{ PROTOCOL: "http", FIXED_RESPONSE: "503 text/plain x" }, "protocol http -> response 503"],
    [
      { TARGET_GROUP: "api", REWRITE_REGEX: "^/a(.*) /b$1", HOST_REWRITE: "h" },
      "every request -> api, rewrites ^/a(.*) to /b$1, host h",
    ],
  ];
  for (const [rule, expected] of shown) assert.equal(words(rule), expected);
});
