/** Broken, early and over-long responses on shared connections: no client gets a byte of another's. */
import assert from "node:assert/strict";
import { Failure } from "../../src/forwarding/gateway_error.ts";
import { answer, bytes, chunked, closeBeforeHeaders, okay, resetBeforeHeaders } from "../support/recorder_scripts.ts";
import { type AnswerScript, RecorderTarget, type Turn } from "../support/recorder_target.ts";
import { Canceller, WireClient } from "../support/wire_client.ts";

const FORGED = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";

/**
 * Ways to answer a request whose nonce stands in its path: each mentions its own nonce only, or one that nobody asked
 * for.
 */
const WAYS: ((turn: Turn, nonce: string) => AnswerScript)[] = [
  (_, nonce) => okay(nonce),
  (_, nonce) => okay(nonce),
  (_, nonce) => chunked([nonce.slice(0, 3), nonce.slice(3)]),
  (_, nonce) => answer(200, [], nonce.repeat(3000)),
  (_, nonce) => bytes(`HTTP/1.1 200 OK\r\nContent-Length: ${nonce.length}\r\n\r\n${nonce}${FORGED}`),
  (_, nonce) => bytes(`HTTP/1.1 204 OK\r\nX-Nonce: ${nonce}\r\n\r\n${FORGED}`),
  (_, nonce) => breakOffAfter(nonce),
  (_, nonce) => bytes(`HTTP/1.1 103 X\r\nLink: ${nonce}\r\n\r\nHTTP/1.0 200 OK\r\n\r\n${nonce}`, { close: true }),
  () => closeBeforeHeaders(),
  () => resetBeforeHeaders(),
  () => bytes(`garbage ${FORGED}`),
  (_, nonce) => bytes(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n${nonce}`, { close: true }),
  (_, nonce) => async ({ socket }) => {
    await socket.send(`HTTP/1.1 200 OK\r\nContent-Length: ${nonce.length}\r\n\r\n${nonce.slice(0, 2)}`);
    await socket.endedWithin(1);
    await socket.send(nonce.slice(2));
  },
];

function breakOffAfter(nonce: string): AnswerScript {
  return bytes(`HTTP/1.1 200 OK\r\nContent-Length: ${nonce.length + 5}\r\n\r\n${nonce}`, { close: true });
}

Deno.test("64 connections with broken, early and long responses: no client gets another's bytes", async () => {
  await using target = await RecorderTarget.start((turn) => {
    const nonce = turn.path.slice(1);
    return WAYS[Number(nonce.split("-")[2]) % WAYS.length]!(turn, nonce)(turn);
  });
  using client = new WireClient();
  let served = 0;
  let state = 1;
  const next = () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 8;
  const serve = async (loop: number) => {
    for (let i = 0; i < 40; i++) {
      const nonce = `n${loop}-${i}-${next()}`;
      const controller = new Canceller();
      const asked = client.ask(target.port, { path: `/${nonce}`, cancellation: controller });
      if (next() % 11 === 0) controller.abort();
      const got = await asked;
      if (got instanceof Failure) continue;
      assert.ok(
        got.body.replaceAll(nonce, "") === "" || got.broken && nonce.repeat(3000).startsWith(got.body),
        got.body,
      );
      for (const [name, value] of got.headers) if (name === "x-nonce") assert.equal(value, nonce);
      if (!got.broken) served++;
    }
  };
  await Promise.all(Array.from({ length: 64 }, (_, loop) => serve(loop)));
  assert.ok(served > 800, `${served} were served`);
  assert.ok(target.connections < target.requests.length, "connections were used again");
});
