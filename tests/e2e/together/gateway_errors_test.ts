/** Every way in which a target fails to answer, against real sockets: its status, its reason, and who is blamed. */
import assert from "node:assert/strict";
import { FetchTransport } from "../../../src/forwarding/fetch/fetch_transport.ts";
import { Failure, PHRASES } from "../../../src/forwarding/gateway_error.ts";
import type { TargetSnapshot } from "../../../src/state/group_snapshot.ts";
import { BAD_ANSWERS, BAD_ON_THE_WIRE, head, TOO_LARGE } from "../../support/bad_answers.ts";
import { closingListener } from "../../support/closing_listener.ts";
import { freePort } from "../../support/free_port.ts";
import { PHRASES_OF_TLS } from "../../support/phrases_of_tls.ts";
import { until } from "../../support/poll.ts";
import { header } from "../../support/raw_message.ts";
import { bytes, closeBeforeHeaders, garbage, hang, okay, resetBeforeHeaders } from "../../support/recorder_scripts.ts";
import { type AnswerScript, RecorderTarget } from "../../support/recorder_target.ts";
import { makeTarget } from "../../support/target_group.ts";
import { type Asked, requestTo } from "../../support/wire_client.ts";
import { WireStage } from "../../support/wire_stage.ts";

/** `fetch` takes what its own parser lets through; the transport that reads for itself refuses more. */
const REFUSED = Deno.env.get("UPSTREAM_TRANSPORT") === "fetch" ? BAD_ANSWERS : { ...BAD_ANSWERS, ...BAD_ON_THE_WIRE };

Deno.test("a response that can't be passed on is 502 bad_response; its connection closes (A48, B6)", async (t) => {
  await using stage = await WireStage.start();
  for (const [name, script] of Object.entries(REFUSED)) {
    await t.step(name, async () => {
      stage.clear();
      const got = await stage.ask("GET /x", { script });
      assert.deepEqual([got.status, header(got, "x-sluice-reason"), got.body.length], [502, "bad_response", 0]);
      assert.equal(stage.target.requests.length, 1, "it was sent once");
      await until(() => stage.target.open === 0, "the connection to end");
    });
  }
  const { lines, stats } = await stage.settled();
  assert.deepEqual(new Set(lines.map((l) => `${l.status} ${l.reason} ${l.attempts}`)), new Set(["502 bad_response 1"]));
  assert.equal(stats.reasons.bad_response, Object.keys(REFUSED).length);
  assert.equal(stats.total.errors, Object.keys(REFUSED).length);
});

Deno.test("bytes after an answer are not taken for the next one", async () => {
  await using stage = await WireStage.start();
  const forged = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";
  const got = await stage.ask("GET /1", { script: bytes(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok${forged}`) });
  assert.equal(new TextDecoder().decode(got.body), "ok");
  const next = await stage.ask("GET /2", { script: okay("second") });
  assert.equal(new TextDecoder().decode(next.body), "second");
  assert.deepEqual(stage.target.requests.map((request) => request.connection), [0, 1]);
  await stage.settled();
});

Deno.test("a byte after a large answer ends its connection, and is not passed on", async () => {
  await using stage = await WireStage.start();
  const large = "y".repeat(48_000);
  const script = bytes(`HTTP/1.1 200 OK\r\nContent-Length: ${large.length}\r\n\r\n${large}z`);
  const got = await stage.ask("GET /1", { script });
  assert.equal(new TextDecoder().decode(got.body), large);
  await stage.ask("GET /2", { script: okay("second") });
  assert.deepEqual(stage.target.requests.map((request) => request.connection), [0, 1]);
  await stage.settled();
});

Deno.test("a target that closes or resets without an answer is 502 reset_before_headers (A48)", async (t) => {
  await using stage = await WireStage.start({ env: { RETRY_ATTEMPTS: "0" } });
  const scripts: Record<string, AnswerScript> = {
    "closes": closeBeforeHeaders(),
    "resets": resetBeforeHeaders(),
    "closes within its head": bytes("HTTP/1.1 200 OK\r\nContent-Le", { close: true }),
  };
  for (const [name, script] of Object.entries(scripts)) {
    await t.step(name, async () => {
      const got = await stage.ask("GET /invalid", { script });
      assert.deepEqual([got.status, header(got, "x-sluice-reason")], [502, "reset_before_headers"]);
    });
  }
  assert.deepEqual(stage.counts, [3]);
  await stage.settled();
});

Deno.test("one refused connection is 502, several are 503, a mix is its last failure (A48, A49)", async (t) => {
  const refused = () => `127.0.0.1:${freePort()}`;
  await t.step("the only target refuses", async () => {
    await using stage = await WireStage.start({ targets: 0, addresses: [refused()] });
    const got = await stage.ask("GET /x");
    assert.deepEqual([got.status, header(got, "x-sluice-reason"), got.body.length], [502, "connect_refused", 0]);
    const { line, stats } = await stage.settled();
    assert.deepEqual([line.reason, line.attempts], ["connect_refused", 1]);
    assert.equal(stats.total.connectFailures, 1);
  });
  await t.step("all of three refuse: each is tried once, whatever the method", async () => {
    await using stage = await WireStage.start({ targets: 0, addresses: [refused(), refused(), refused()] });
    for (const [line, body] of [["GET /x", undefined], ["POST /x", "abc"]] as const) {
      const got = await stage.ask(line, body === undefined ? {} : { headers: ["Content-Length: 3"], body });
      assert.deepEqual([got.status, header(got, "x-sluice-reason")], [503, "all_targets_refused"]);
    }
    const { lines } = await stage.settled();
    assert.deepEqual(lines.map((line) => line.attempts), [3, 3]);
  });
  await t.step("one refuses, the other can't be reached", async () => {
    // TLS to what speaks none: the connection can't be made, and it was not refused. fetch tells no more.
    const reason = Deno.env.get("UPSTREAM_TRANSPORT") === "fetch" ? "connect_failed" : "tls_failed";
    await using closing = closingListener();
    await using stage = await WireStage.start({
      targets: 0,
      addresses: [refused(), `https://127.0.0.1:${closing.port}`],
    });
    const reasons = new Set<string | null>();
    for (let i = 0; i < 2; i++) {
      const got = await stage.ask("GET /x");
      assert.equal(got.status, 502);
      reasons.add(header(got, "x-sluice-reason"));
    }
    assert.deepEqual(reasons, new Set([reason, "connect_refused"]));
    await stage.settled();
  });
});

Deno.test("a target that does not respond in time is 504 with an empty body (A3, A50, A51, E14)", async () => {
  await using stage = await WireStage.start({ env: { CONNECTION_TIMEOUT: "300" } });
  for (const method of ["GET", "POST"]) {
    const got = await stage.ask(`${method} /x`, { script: hang() });
    assert.deepEqual([got.status, header(got, "x-sluice-reason"), got.body.length], [504, "timeout", 0]);
    await until(() => stage.target.open === 0, "the target's connection to end");
  }
  assert.deepEqual(stage.counts, [2], "it was not sent again");
  const { lines } = await stage.settled();
  assert.equal(lines.length, 2);
  assert.ok(lines.every((line) => line.reason === "timeout" && (line.totalMs as number) >= 300));
  assert.equal((await stage.ask("GET /x", { script: okay() })).status, 200);
});

Deno.test("every phrase that fetch's failures are known by comes of a real failure", async () => {
  await using target = await RecorderTarget.start();
  const transport = new FetchTransport();
  const seen = new Map<string, string>();
  const attempt = async (script: AnswerScript, to: Partial<TargetSnapshot>, how: Asked = {}) => {
    target.script = script;
    const asked = {
      target: makeTarget(0, { address: "127.0.0.1", host: "127.0.0.1", port: target.port, ...to }),
      path: "/invalid",
      ...how,
    };
    const result = await transport.send(requestTo(target.port, asked), () => Promise.resolve());
    assert.ok(result instanceof Failure);
    const phrase = PHRASES.find(([text]) => result.detail.includes(text));
    assert.ok(phrase, result.detail);
    assert.equal(result.reason, phrase[1]);
    seen.set(phrase[0], result.detail);
    return result;
  };
  try {
    const refused = await attempt(okay(), { port: freePort() });
    assert.equal(refused.nothingSent, true);
    await using closing = closingListener();
    const failed = await attempt(okay(), { scheme: "https", port: closing.port });
    assert.deepEqual([failed.reason, failed.nothingSent], ["connect_failed", true]);
    assert.equal((await attempt(garbage(), {})).nothingSent, false);
    await attempt(head(`200 OK\r\n${TOO_LARGE}`), {});
    assert.equal((await attempt(closeBeforeHeaders(), {})).reason, "reset_before_headers");
    await attempt(resetBeforeHeaders(), {});
    const endless = () =>
      new ReadableStream<Uint8Array<ArrayBuffer>>({ pull: (c) => c.enqueue(new Uint8Array(65_536)) }, {
        highWaterMark: 0,
      });
    // Writing to a connection that is gone says one or the other, as the system notices.
    await until(async () => {
      const close: AnswerScript = ({ socket }) => socket.close();
      await attempt(close, {}, { method: "PUT", body: endless(), bodyLength: -1 });
      return seen.has("Broken pipe");
    }, "a broken pipe");
  } finally {
    transport.close();
  }
  // Those of TLS come of real failures in https_targets_test.ts.
  assert.deepEqual(new Set([...seen.keys(), ...PHRASES_OF_TLS]), new Set(PHRASES.map(([text]) => text)));
});
