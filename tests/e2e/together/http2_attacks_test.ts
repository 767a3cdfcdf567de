/** Clients of HTTP/2 that mean harm: what the platform and sluice do about them, and that others are served. */
import assert from "node:assert/strict";
import type { TestAuthority } from "../../support/certificates.ts";
import { testWithPrograms } from "../../support/have_program.ts";
import { frame, FrameType, get, headerBlock, Http2Client, requestLines, word } from "../../support/http2_client.ts";
import { until } from "../../support/poll.ts";
import { byPath, hang, okay } from "../../support/recorder_scripts.ts";
import { type TlsStage, withTlsStage } from "../../support/tls_stage.ts";

/** ENHANCE_YOUR_CALM (RFC 9113 section 7). */
const CALM = 11;
/** REFUSED_STREAM. */
const REFUSED = 7;

async function withStage(run: (stage: TlsStage, authority: TestAuthority) => Promise<void>): Promise<void> {
  await withTlsStage({}, async (stage, authority) => {
    await run(stage, authority);
    using client = await Http2Client.connect(stage.port, authority);
    await client.send(get(1, "/after"));
    assert.equal(await client.status(1), 200, "another client is served");
    await stage.sluice.settled();
  });
}

/** Sends frames, a few at a time, until the server ends the connection. */
async function untilEnded(client: Http2Client, next: () => Uint8Array[]): Promise<void> {
  while (!client.ended) {
    try {
      await client.send(...next());
    } catch {
      break;
    }
  }
  await until(() => client.ended, "the end of the connection");
}

Deno.test("a client that opens and resets streams without end (CVE-2023-44487) is disconnected", () =>
  withStage(async (stage, authority) => {
    using client = await Http2Client.connect(stage.port, authority);
    let stream = 1;
    await untilEnded(client, () => {
      const pieces: Uint8Array[] = [];
      for (let i = 0; i < 50; i++, stream += 2) {
        pieces.push(get(stream, "/"), frame(FrameType.reset, 0, stream, word(8)));
      }
      return pieces;
    });
    const goodbye = await client.frame(FrameType.goAway);
    assert.equal(goodbye.payload[7], CALM);
    assert.ok(stage.target.requests.length < 1000, `${stage.target.requests.length} requests reached the target`);
  }));

Deno.test("a client whose head never ends (CONTINUATION without end) is disconnected", () =>
  withStage(async (stage, authority) => {
    using client = await Http2Client.connect(stage.port, authority);
    await until(() => client.frames.filter(({ type }) => type === FrameType.settings).length === 2, "both settings");
    await client.send(frame(FrameType.headers, 0, 1, headerBlock(requestLines("/"))));
    const more = frame(FrameType.continuation, 0, 1, headerBlock([["x-a", "b".repeat(1000)]]));
    await untilEnded(client, () => [more]);
    const goodbye = await client.frame(FrameType.goAway);
    assert.equal(goodbye.payload[7], CALM);
    assert.equal(stage.target.requests.length, 0);
  }));

Deno.test("of 1,000 streams of one client 200 are open at most, and all end with it", () =>
  withStage(async (stage, authority) => {
    stage.target.script = byPath({ "/hang": hang() });
    {
      using client = await Http2Client.connect(stage.port, authority);
      for (let i = 0; i < 1000; i++) await client.send(get(2 * i + 1, "/hang"));
      const refused = () => client.frames.filter(({ type }) => type === FrameType.reset);
      await until(() => refused().length === 800, () => `800 refused streams; there are ${refused().length}`);
      assert.ok(refused().every(({ payload }) => payload[3] === REFUSED));
      await until(() => stage.target.requests.length === 200, "200 requests at the target");
    }
    const lines = await stage.sluice.accessLines(200);
    assert.ok(lines.every(({ reason }) => reason === "client_closed"));
  }));

testWithPrograms(
  ["h2load"],
  "h2load gets every response of 3,000 requests, 50 at once on each connection",
  () =>
    withStage(async (stage) => {
      stage.target.script = okay("x".repeat(100));
      const args = ["-n", "3000", "-c", "4", "-m", "50", stage.url];
      const { stdout } = await new Deno.Command("h2load", { args, stderr: "null" }).output();
      const text = new TextDecoder().decode(stdout);
      assert.match(text, /3000 succeeded, 0 failed, 0 errored, 0 timeout/, text);
    }),
);
