/** Bodies that come in very many small pieces cost what their bytes cost, not what their pieces could. */
import assert from "node:assert/strict";
import { until } from "../../support/poll.ts";
import { hang, okay } from "../../support/recorder_scripts.ts";
import { addedKib } from "../../support/resident_memory.ts";
import type { RecorderTarget } from "../../support/recorder_target.ts";
import { WireStage } from "../../support/wire_stage.ts";

/** `MANY_PIECES=1000000` runs the full size of the promise. */
const PIECES = Number(Deno.env.get("MANY_PIECES") ?? 20_000);
const MOST_ADDED_KIB = 32 * 1024;
const PATIENCE = { patienceMs: 20_000 + PIECES };
/** Its data are no digits of a chunk's size: pieces may go on together. */
const BODY = "1\r\nz\r\n".repeat(PIECES);

/** A stage whose sluice has run its code once: what comes on top is the body's. */
async function warmStage(): Promise<WireStage> {
  const stage = await WireStage.start();
  for (let i = 0; i < 50; i++) {
    for (const method of ["POST", "PUT"]) {
      const body = `${"1\r\na\r\n".repeat(50)}0\r\n\r\n`;
      await stage.ask(`${method} /warm`, { headers: ["Transfer-Encoding: chunked"], body });
    }
  }
  return stage;
}

function assertLittle(added: number): void {
  if (Deno.env.has("MANY_PIECES")) console.log(`${added} KiB more memory at most`);
  assert.ok(added <= MOST_ADDED_KIB, `${added} KiB`);
}

for (const method of ["POST", "PUT"]) {
  Deno.test(`a ${method} of ${PIECES} single bytes costs little memory while its target is silent`, async () => {
    await using stage = await warmStage();
    stage.clear();
    const taken = takenBy(stage.target);
    const added = await addedKib(stage.sluice.pid, async () => {
      await using client = await stage.connect();
      await client.send(stage.head(`${method} /x`, ["Transfer-Encoding: chunked"]) + BODY);
      await until(
        () => taken() === PIECES,
        () => `all of the body at the target, which has ${taken()} pieces`,
        PATIENCE,
      );
    });
    assertLittle(added);
    assert.equal((await stage.settled()).line.requestBytes, PIECES);
  });

  Deno.test(`a ${method} of ${PIECES} single bytes costs little memory with a target that answers it`, async () => {
    await using stage = await warmStage();
    stage.clear();
    stage.script = okay();
    const added = await addedKib(stage.sluice.pid, async () => {
      await using client = await stage.connect();
      await client.send(stage.head(`${method} /x`, ["Transfer-Encoding: chunked"]) + BODY + "0\r\n\r\n");
      await until(() => client.socket.available > 0, "an answer", PATIENCE);
      assert.equal((await client.response()).status, 200);
    });
    assertLittle(added);
    assert.equal(stage.target.requests[0]!.body.length, PIECES);
    assert.equal((await stage.settled()).line.requestBytes, PIECES);
  });
}

/** Has a target take bodies and never answer; counts the bytes of data that came. */
function takenBy(target: RecorderTarget): () => number {
  let count = 0;
  target.script = async (turn) => {
    while (turn.socket.endedBy === null) {
      for (const byte of await turn.socket.readSome(60_000)) if (byte === 0x7a) count++;
    }
    await hang()(turn);
  };
  return () => count;
}
