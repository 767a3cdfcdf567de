/** Answers that come before their request's body: the client gets them, and nothing waits for the rest. */
import assert from "node:assert/strict";
import { BY_FETCH } from "../../support/engine.ts";
import { until } from "../../support/poll.ts";
import { bodyText } from "../../support/raw_message.ts";
import type { AnswerScript } from "../../support/recorder_target.ts";
import { WireStage } from "../../support/wire_stage.ts";

const early: AnswerScript = ({ socket }) => socket.send("HTTP/1.1 413 Large\r\nContent-Length: 2\r\n\r\nno");
const none: AnswerScript = ({ socket }) => socket.close();

/** Clients of each step. With `fetch`, their connections to the target stay open for 20 s after an early answer. */
const CLIENTS = 10;
const KEPT_BY_FETCH = BY_FETCH ? CLIENTS : 0;

/** Open files of a process; its sockets are among them. */
function filesOf(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

Deno.test("a client whose upload gets an early response receives it, and then its connection closes", async (t) => {
  await using stage = await WireStage.start({ env: { RETRY_ATTEMPTS: "0" } });
  const framings = {
    "in pieces": ["Transfer-Encoding: chunked", "5\r\nhello\r\n"],
    "of a known length": ["Content-Length: 200000", "hello"],
  } as const;
  const answers = { "the target's": [early, 413, "no"], "sluice's own": [none, 502, ""] } as const;
  for (const [framing, [header, begun]] of Object.entries(framings)) {
    for (const [whose, [script, status, body]] of Object.entries(answers)) {
      await t.step(`${framing}, ${whose} answer`, async () => {
        stage.script = script;
        await stage.sluice.settled();
        const before = filesOf(stage.sluice.pid);
        for (let i = 0; i < CLIENTS; i++) {
          await using client = await stage.connect();
          await client.send(stage.head("POST /upload", [header]) + begun);
          const got = await client.response();
          assert.deepEqual([got.status, bodyText(got)], [status, body]);
          // It was still at it; the connection may be over already.
          await client.send(begun).catch(() => {});
        }
        await until(() => filesOf(stage.sluice.pid) <= before + KEPT_BY_FETCH, () => {
          return `the clients' sockets to be closed; ${filesOf(stage.sluice.pid)} files are open, ${before} were`;
        });
      });
    }
  }
  const { stats } = await stage.settled();
  assert.equal(stats.total.finished, 40);
});
