/** Clients that leave in the midst of a head have an access line, as those have whose head is refused. */
import assert from "node:assert/strict";
import { WIRE_ENGINE } from "../../support/engine.ts";
import { wireEngineStage } from "../../support/wire_engine_stage.ts";

const PART = "GET /secret HTTP/1.1\r\nHost: a\r\nX-Ha";

Deno.test({
  name: "a client that leaves before the end of its head is logged with what is known of it, and a silent one is not",
  // The platform's engine does not tell of such a client.
  ignore: !WIRE_ENGINE,
  async fn() {
    await using stage = await wireEngineStage();
    const known = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    {
      await using silent = await stage.connect();
      await using gone = await stage.connect();
      await gone.send(PART);
      await gone.close();
      await using torn = await stage.connect();
      await torn.exchange(known);
      await torn.send(PART);
      await torn.reset();
      await silent.close();
    }
    await stage.sluice.accessLines(3);
    {
      await using half = await stage.connect();
      await half.send(PART);
      half.halfClose();
      assert.equal((await half.response()).status, 400);
    }
    const lines = await stage.sluice.accessLines(4);
    const left = lines.filter(({ status }) => status === 499);
    assert.equal(left.length, 3);
    for (const { reason, path, method, client } of left) {
      assert.deepEqual([reason, path, method, client], ["client_closed", "-", "-", "127.0.0.1"]);
    }
  },
});
