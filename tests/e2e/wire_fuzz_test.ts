/**
 * Exchanges whose bytes come in pieces cut at random on both sides, with clients that leave and targets that break off
 * among them.
 */
import assert from "node:assert/strict";
import { fuzzConnection, type FuzzTally } from "../support/fuzz_client.ts";
import { FuzzTarget } from "../support/fuzz_target.ts";
import { groupEnvironment } from "../support/mock_group.ts";
import { within } from "../support/poll.ts";
import { SEED } from "../support/seed.ts";
import { startSluice } from "../support/sluice_process.ts";

/** Exchanges; `deno task fuzz` makes 100,000. */
const EXCHANGES = Number(Deno.env.get("SLUICE_TEST_FUZZ_EXCHANGES") ?? 1_500);
const AT_ONCE = 24;
/** Most exchanges of one connection. */
const MOST = 9;

Deno.test(`${EXCHANGES} exchanges cut at random places get their own responses: no crash, no hang`, async () => {
  const target = new FuzzTarget(SEED);
  await using sluice = await startSluice({
    env: groupEnvironment(target.address, {
      LISTENER_ENGINE: "wire",
      UPSTREAM_TRANSPORT: "wire",
      ACCESS_LOG: "false",
      VIA_ENABLE: "false",
    }),
  });
  const tally: FuzzTally = { whole: 0, broken: 0, unanswered: 0 };
  let next = 1;
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      while (next <= EXCHANGES) {
        const first = next;
        const count = 1 + first % MOST;
        next += count;
        const connection = fuzzConnection(sluice.port, { seed: SEED, first, count, tally });
        await within(connection, `the exchanges from ${first} on (seed ${SEED})`);
      }
    }));
    assert.deepEqual(target.faults, []);
    await sluice.settled();
    assert.deepEqual(sluice.events.filter(({ event }) => event === "internal_error"), []);
    assert.deepEqual(sluice.plainLines, []);
    assert.ok(tally.whole > EXCHANGES / 2, JSON.stringify(tally));
  } finally {
    await target.close();
  }
});
