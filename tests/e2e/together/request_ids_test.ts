/** A client's own request id is used whatever comes of its request, so that what it reports can be found. */
import assert from "node:assert/strict";
import { WIRE_ENGINE } from "../../support/engine.ts";
import { header, headerValues } from "../../support/raw_message.ts";
import { WireStage } from "../../support/wire_stage.ts";

/** Requests that end before a target is chosen, or without one, and their statuses. */
const REFUSED: Record<string, readonly [string, readonly string[], number]> = {
  "no rule": ["GET /none", [], 404],
  "a method that is refused": ["TRACE /web", [], 405],
  "a malformed path": ["GET /web\\x", [], 400],
  // The wire engine passes both on.
  ...(WIRE_ENGINE ? {} : {
    "a body with GET": ["GET /web", ["Content-Length: 1"], 400],
    "an upgrade that is refused": ["GET /web", ["Connection: upgrade", "Upgrade: other"], 501],
  } as const),
  "no target that answers": ["GET /dead", [], 502],
  "the stats": ["GET /lb/stats", [], 200],
};

for (const convention of ["true", "false"]) {
  Deno.test(`a refusal is logged with the client's id: HEADER_CONVENTION_ENABLE=${convention}`, async (t) => {
    await using stage = await WireStage.start({
      env: {
        HEADER_CONVENTION_ENABLE: convention,
        STATS_PATH: "/lb/stats",
        LISTENER_RULE_1_PATH_PREFIX: "/web",
        LISTENER_RULE_2_PATH_PREFIX: "/dead",
        LISTENER_RULE_2_TARGET_GROUP: "dead",
        TARGET_GROUP_2_NAME: "dead",
        TARGET_GROUP_2_TARGETS: "127.0.0.1:1",
      },
    });
    for (const [what, [line, headers, status]] of Object.entries(REFUSED)) {
      await t.step(what, async () => {
        const mine = `mine-${status}`;
        const named = await stage.ask(line, { headers: [...headers, `X-Request-Id: ${mine}`] });
        const namedId = (await stage.settled()).line.id;
        const other = await stage.ask(line, { headers });
        const otherId = (await stage.settled()).line.id as string;
        assert.deepEqual([named.status, other.status, namedId], [status, status, mine]);
        if (convention === "false") {
          assert.deepEqual([header(named, "x-request-id"), header(other, "x-request-id")], [null, null]);
          return;
        }
        assert.deepEqual(headerValues(named, "x-request-id"), [mine]);
        assert.deepEqual(headerValues(other, "x-request-id"), [otherId]);
        assert.match(otherId, /^[0-9a-f-]{36}$/);
      });
    }
    await t.step("an id that is not well formed is replaced", async () => {
      const got = await stage.ask("GET /none", { headers: ["X-Request-Id: a b"] });
      const { line } = await stage.settled();
      assert.notEqual(line.id, "a b");
      if (convention === "true") assert.equal(header(got, "x-request-id"), line.id);
    });
  });
}
