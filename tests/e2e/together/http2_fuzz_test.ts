/** Clients of HTTP/2 whose frames come in any order and in any pieces: no crash, no hang, no wrong response. */
import assert from "node:assert/strict";
import type { TestAuthority } from "../../support/certificates.ts";
import { Dice } from "../../support/dice.ts";
import { get, Http2Client } from "../../support/http2_client.ts";
import { disorderlyClient, echoOrCount, orderlyClient } from "../../support/http2_fuzz.ts";
import { SEED } from "../../support/seed.ts";
import { type TlsStage, withTlsStage } from "../../support/tls_stage.ts";

const CLIENTS = Number(Deno.env.get("SLUICE_TEST_FUZZ_CLIENTS") ?? 20);
const AT_ONCE = 6;

async function many(
  run: (stage: TlsStage, authority: TestAuthority, dice: Dice) => Promise<void>,
): Promise<void> {
  await withTlsStage({ ACCESS_LOG: "false", LISTENER_MAX_CONNECTIONS_PER_CLIENT: "0" }, async (stage, authority) => {
    stage.target.script = echoOrCount;
    let next = 0;
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let client = next++; client < CLIENTS; client = next++) {
        try {
          await run(stage, authority, new Dice(SEED + client));
        } catch (error) {
          throw new Error(`client ${client} (seed ${SEED + client}): ${(error as Error).message}`);
        }
      }
    }));
    using other = await Http2Client.connect(stage.port, authority);
    await other.send(get(1, "/5"));
    assert.equal(await other.status(1), 200);
    await stage.sluice.settled();
    assert.deepEqual(stage.sluice.events.filter(({ event }) => event === "internal_error"), []);
    assert.deepEqual(stage.sluice.plainLines, []);
  });
}

Deno.test(`${CLIENTS} clients with many streams, small windows and frames in pieces get their own responses`, () =>
  many(async (stage, authority, dice) => {
    for (let n = 0; n < 2; n++) await orderlyClient(stage.port, authority, dice);
  }));

Deno.test(`of ${10 * CLIENTS} clients that send any frames each is answered or told why it is not`, async () => {
  const tally = { lives: 0, dismissed: 0, left: 0 };
  await many(async (stage, authority, dice) => {
    for (let n = 0; n < 10; n++) tally[await disorderlyClient(stage.port, authority, dice)]++;
  });
  assert.ok(tally.lives > CLIENTS && tally.dismissed > CLIENTS, JSON.stringify(tally));
});
