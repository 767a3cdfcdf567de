/** Windows of HTTP/2 (RFC 9113 section 5.2): closed, a byte wide, below zero, overrun, and held for long. */
import assert from "node:assert/strict";
import { BlackHole } from "../../support/black_hole.ts";
import {
  Code,
  Flag,
  frame,
  FrameType,
  get,
  headerBlock,
  Http2Client,
  requestLines,
  Setting,
  settings,
  word,
} from "../../support/http2_client.ts";
import { until } from "../../support/poll.ts";
import { byPath, okay } from "../../support/recorder_scripts.ts";
import { residentKib } from "../../support/resident_memory.ts";
import { withTlsStage } from "../../support/tls_stage.ts";

const FIRST_WINDOW = 65_535;
const PIECE = 16_384;

function opened(stream: number, by: number): Uint8Array {
  return frame(FrameType.windowUpdate, 0, stream, word(by));
}

/** A body in which each byte says where it stands, so that a byte lost or doubled shows. */
function counted(length: number): string {
  let text = "";
  for (let n = 0; text.length < length; n++) text += `${n} `;
  return text.slice(0, length);
}

function text(client: Http2Client, stream: number): string {
  return new TextDecoder().decode(client.data(stream));
}

/** Waits until a stream has so many bytes, and then for the answer to a PING: nothing more was on its way. */
async function exactly(client: Http2Client, stream: number, bytes: number): Promise<void> {
  await until(() => client.data(stream).length >= bytes, () => `${bytes} bytes of ${client.data(stream).length}`);
  const pings = () => client.frames.filter(({ type }) => type === FrameType.ping).length;
  const before = pings();
  await client.send(frame(FrameType.ping, 0, 0, new Uint8Array(8)));
  await until(() => pings() > before, "the answer to a PING");
  assert.equal(client.data(stream).length, bytes);
}

Deno.test("a client that lets nothing be sent gets heads, and bodies byte by byte as it opens its windows", () =>
  withTlsStage({}, async (stage, authority) => {
    stage.target.script = byPath({ "/empty": okay("") }, okay(counted(20)));
    using client = await Http2Client.connect(stage.port, authority, { settings: [[Setting.window, 0]] });
    await client.send(get(1, "/"), get(3, "/empty"));
    assert.deepEqual([await client.status(1), await client.status(3)], [200, 200]);
    await until(() => client.finished(3), "the end of the response without a body");
    for (let bytes = 1; bytes <= 20; bytes++) {
      await exactly(client, 1, bytes - 1);
      await client.send(opened(1, 1));
    }
    await until(() => client.finished(1), "the end of the response");
    assert.equal(text(client, 1), counted(20));
    await stage.sluice.settled();
  }));

Deno.test("a window that SETTINGS push below zero is opened from there", () =>
  withTlsStage({}, async (stage, authority) => {
    const body = counted(100_000);
    stage.target.script = okay(body);
    using client = await Http2Client.connect(stage.port, authority);
    await client.send(opened(0, 1_000_000), get(1, "/"));
    await exactly(client, 1, FIRST_WINDOW);
    await client.send(settings([Setting.window, 100]));
    // The window is 100 - 65,535 now.
    await client.send(opened(1, FIRST_WINDOW - 100));
    await exactly(client, 1, FIRST_WINDOW);
    await client.send(opened(1, 1));
    await exactly(client, 1, FIRST_WINDOW + 1);
    await client.send(settings([Setting.window, 1_100]));
    await exactly(client, 1, FIRST_WINDOW + 1_001);
    // A new stream begins with the new window.
    await client.send(get(3, "/"));
    await exactly(client, 3, 1_100);
    await client.send(settings([Setting.window, 1_000_000]));
    await until(() => client.finished(1) && client.finished(3), "the end of both responses");
    assert.ok(text(client, 1) === body && text(client, 3) === body, "both responses are whole");
    await stage.sluice.settled();
  }));

Deno.test("streams share the window of their connection, and all go on when it opens", () =>
  withTlsStage({}, async (stage, authority) => {
    const body = counted(60_000);
    stage.target.script = okay(body);
    using client = await Http2Client.connect(stage.port, authority, { settings: [[Setting.window, 1_000_000]] });
    const streams = [1, 3, 5, 7];
    await client.send(...streams.map((stream) => get(stream, `/${stream}`)));
    const all = () => streams.reduce((sum, stream) => sum + client.data(stream).length, 0);
    await until(() => all() === FIRST_WINDOW, () => `the whole window; ${all()} bytes came`);
    for (let more = all(); more < 4 * body.length; more += 10_000) {
      await client.send(opened(0, Math.min(10_000, 4 * body.length - more)));
    }
    await until(() => streams.every((stream) => client.finished(stream)), "the end of all");
    for (const stream of streams) assert.ok(text(client, stream) === body, `stream ${stream}`);
    await stage.sluice.settled();
  }));

Deno.test("a stream that was reset while it waited for a window is not written to", () =>
  withTlsStage({}, async (stage, authority) => {
    stage.target.script = okay(counted(60_000));
    using client = await Http2Client.connect(stage.port, authority, { settings: [[Setting.window, 1_000_000]] });
    await client.send(get(1, "/"), get(3, "/"));
    await until(() => client.data(1).length + client.data(3).length === FIRST_WINDOW, "the whole window");
    await client.send(frame(FrameType.reset, 0, 1, word(Code.cancel)), frame(FrameType.reset, 0, 3, word(Code.cancel)));
    const before = client.frames.length;
    await client.send(opened(0, 1_000_000), opened(1, 5), get(5, "/"));
    await until(() => client.finished(5), "the next response");
    assert.deepEqual(client.frames.slice(before).filter(({ stream }) => stream === 1 || stream === 3), []);
    await stage.sluice.settled();
  }));

Deno.test("a stream that waits for the window of its connection can be reset, and goes on taking its request", () =>
  withTlsStage({}, async (stage, authority) => {
    stage.target.script = byPath({
      "/early": async (turn) => {
        await turn.socket.send(`HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly`);
        await turn.body();
      },
    }, okay(counted(FIRST_WINDOW)));
    using client = await Http2Client.connect(stage.port, authority, { settings: [[Setting.window, 1_000_000]] });
    await client.send(get(1, "/"));
    await exactly(client, 1, FIRST_WINDOW);
    // Nothing is left of the window of the connection.
    const lines = requestLines("/early", { method: "POST" });
    await client.send(get(3, "/"), frame(FrameType.headers, Flag.endHeaders, 5, headerBlock(lines)));
    await client.send(frame(FrameType.data, 0, 5, new Uint8Array(PIECE)));
    assert.deepEqual([await client.status(3), await client.status(5)], [200, 200]);
    for (let n = 0; n < 15; n++) await client.send(frame(FrameType.data, 0, 5, new Uint8Array(PIECE)));
    await client.frame(FrameType.windowUpdate, 5);
    await client.send(opened(3, 0));
    assert.equal((await client.frame(FrameType.reset, 3)).payload[3], Code.protocol);
    await client.send(frame(FrameType.data, Flag.endStream, 5), opened(0, 100));
    await until(() => client.finished(5), "the end of the response");
    assert.equal(text(client, 5), "early");
    await stage.sluice.settled();
  }));

Deno.test("a client that sends more than a stream's window, or its connection's, is stopped", async () => {
  using hole = await BlackHole.open();
  const env = {
    TARGET_GROUP_2_NAME: "hole",
    TARGET_GROUP_2_TARGETS: hole.address,
    CONNECTION_TIMEOUT: "240s",
    CONNECT_TIMEOUT: "60s",
    LISTENER_RULE_2_PRIORITY: "1",
    LISTENER_RULE_2_PATH_PREFIX: "/hole",
    LISTENER_RULE_2_TARGET_GROUP: "hole",
  };
  await withTlsStage(env, async (stage, authority) => {
    const upload = (stream: number): Uint8Array =>
      frame(
        FrameType.headers,
        Flag.endHeaders,
        stream,
        headerBlock(requestLines("/hole", { method: "POST" })),
      );
    const pieces = (stream: number, bytes: number): Uint8Array[] =>
      Array.from({ length: Math.ceil(bytes / PIECE) }, () => frame(FrameType.data, 0, stream, new Uint8Array(PIECE)));
    using one = await Http2Client.connect(stage.port, authority);
    const { payload } = await one.frame(FrameType.settings, 0);
    const at = [0, 6, 12, 18].find((place) => payload[place + 1] === Setting.window)!;
    const window = new DataView(payload.buffer).getUint32(at + 2);
    await one.send(upload(1), ...pieces(1, window), ...pieces(1, PIECE));
    assert.equal((await one.frame(FrameType.reset, 1)).payload[3], Code.flowControl);
    await one.send(get(3, "/"));
    assert.equal(await one.status(3), 200);
    using all = await Http2Client.connect(stage.port, authority);
    for (let stream = 1; stream < 400 && !all.ended; stream += 2) {
      await all.send(upload(stream), ...pieces(stream, window)).catch(() => {});
    }
    assert.equal(await all.goodbye(), Code.flowControl);
  });
});

Deno.test("100 responses of 5 MB that nobody reads take little memory, and end with their client", () =>
  withTlsStage({ LISTENER_WORKERS: "1" }, async (stage, authority) => {
    stage.target.script = byPath({ "/large": okay("x".repeat(5_000_000)) });
    using other = await Http2Client.connect(stage.port, authority);
    await other.send(get(1, "/"));
    assert.equal(await other.status(1), 200);
    const before = residentKib(stage.sluice.pid, "VmRSS");
    {
      using client = await Http2Client.connect(stage.port, authority);
      for (let i = 0; i < 100; i++) await client.send(get(2 * i + 1, "/large"));
      for (let i = 0; i < 100; i++) assert.equal(await client.status(2 * i + 1), 200);
      for (let i = 0; i < 50; i++) {
        await client.send(opened(0, 1), opened(1, 1));
        await other.send(get(2 * i + 3, "/"));
        assert.equal(await other.status(2 * i + 3), 200);
      }
      const grown = residentKib(stage.sluice.pid, "VmRSS") - before;
      assert.ok(grown < 150_000, `${grown} KiB more`);
    }
    await stage.sluice.settled();
  }));
