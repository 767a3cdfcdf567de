/** What `explain` says of a request that would come back, and of URLs without a scheme. */
import assert from "node:assert/strict";
import { ask } from "../../support/ask.ts";
import { freePort } from "../../support/free_port.ts";
import { runSluice, startSluice } from "../../support/sluice_process.ts";

const twoRules = (port: number) => ({
  LISTENER_PORT: String(port),
  TARGET_GROUP_1_NAME: "self",
  TARGET_GROUP_1_TARGETS: `127.0.0.1:${port}`,
  LISTENER_RULE_1_PATH_PREFIX: "/loop",
  LISTENER_RULE_1_TARGET_GROUP: "self",
  LISTENER_RULE_2_PATH_PREFIX: "/once",
  LISTENER_RULE_2_PATH_REWRITE: "/once",
  LISTENER_RULE_2_TARGET_GROUP: "self",
});

Deno.test("explain predicts 508 for a target that is the listener itself, and what is served agrees", async () => {
  const env = twoRules(freePort());
  await using sluice = await startSluice({ env });
  assert.equal((await ask(sluice.url, "/loop/x")).status, 508);
  assert.equal((await ask(sluice.url, "/once/x")).status, 404);
  const explained = async (...args: string[]) => {
    const { code, stdout, stderr } = await runSluice(["explain", "GET", ...args, "--json"], {
      LISTENER_HOST: "127.0.0.1",
      ...env,
    });
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as { why: string; answer: { status: number; reason: string } | null };
  };
  for (const live of [[], ["--admin", sluice.adminUrl]]) {
    const { answer, why } = await explained("/loop/x", ...live);
    assert.deepEqual([answer?.status, answer?.reason], [508, "loop"]);
    assert.match(why, /is this listener itself/);
    // It comes back too, and finds no rule then: that answer is not this sluice's first.
    assert.equal((await explained("/once/x", ...live)).answer, null);
  }
  await sluice.settled();
});

Deno.test("explain takes a URL without its scheme, and asks for a path or a URL where it is neither", async () => {
  const explain = (url: string) => runSluice(["explain", "GET", url], { BACKEND_SERVERS: "127.0.0.1:9" });
  const first = {
    "127.0.0.1": "/",
    "localhost:8080/x": "/x",
    "localhost": "/",
    "[::1]:80/y?z": "/y?z",
    "a.example/b": "/b",
  };
  for (const [url, path] of Object.entries(first)) {
    const { code, stdout, stderr } = await explain(url);
    assert.equal(code, 0, stderr);
    assert.equal(stdout.split("\n")[0], `GET ${path}`);
  }
  const { code, stderr } = await explain("api/x");
  assert.equal(code, 2);
  assert.equal(
    stderr,
    'Cannot use "api/x" as url: it must be a path such as /x or a URL such as http://localhost:8080/x\n',
  );
});
