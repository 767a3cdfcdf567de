import assert from "node:assert/strict";
import { adviceForApplications } from "../../../src/cli/application_advice.ts";
import { parseWith } from "../config/parse_with.ts";

function advice(environment: Record<string, string>): string | null {
  const { config } = parseWith({ environment: { BACKEND_SERVERS: "http://10.0.0.1:80", ...environment } });
  return adviceForApplications(config!);
}

Deno.test("check names the variables that most web applications want, as long as they are missing", () => {
  const all = advice({})!;
  assert.match(
    all,
    /set PRESERVE_HOST=true HEADER_CONVENTION_ENABLE=true, and TRUSTED_PROXIES=<its address> if another proxy/,
  );
  const one = advice({ PRESERVE_HOST: "true", TRUSTED_PROXIES: "10.0.0.9" })!;
  assert.match(one, /set HEADER_CONVENTION_ENABLE=true$/);
  assert.equal(advice({ PRESERVE_HOST: "true", HEADER_CONVENTION_ENABLE: "true" }), null);
});
