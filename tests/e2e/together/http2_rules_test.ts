/** What sluice does about clients of HTTP/2 that break the rules of RFC 9113, and about those that only look so. */
import assert from "node:assert/strict";
import type { TestAuthority } from "../../support/certificates.ts";
import { frame, FrameType, get, Http2Client, word } from "../../support/http2_client.ts";
import { ALLOWED, MALFORMED_REQUESTS } from "../../support/http2_requests.ts";
import { CONNECTION_ERRORS, STREAM_ERRORS } from "../../support/http2_rules.ts";
import type { RuleTrial } from "../../support/http2_trial.ts";
import { until } from "../../support/poll.ts";
import { byPath, hang } from "../../support/recorder_scripts.ts";
import { type TlsStage, withTlsStage } from "../../support/tls_stage.ts";

/** Runs each trial on a connection of its own, while another client's requests go on. */
async function tryAll(
  trials: readonly RuleTrial[],
  judge: (client: Http2Client, trial: RuleTrial, stage: TlsStage) => Promise<void>,
): Promise<void> {
  await withTlsStage({}, async (stage, authority) => {
    stage.target.script = byPath({ "/hang": hang() });
    const failures: string[] = [];
    for (const trial of trials) {
      try {
        using client = await connect(stage, authority, trial);
        await client.send(...trial.frames).catch(() => {});
        await judge(client, trial, stage);
      } catch (error) {
        failures.push(`${trial.title}: ${(error as Error).message}`);
      }
    }
    assert.deepEqual(failures, []);
    using other = await Http2Client.connect(stage.port, authority);
    await other.send(get(1, "/after"));
    assert.equal(await other.status(1), 200, "another client is served");
    await stage.sluice.settled();
  });
}

function connect(stage: TlsStage, authority: TestAuthority, { begin }: RuleTrial): Promise<Http2Client> {
  return Http2Client.connect(stage.port, authority, begin === undefined ? {} : { begin });
}

function seen(client: Http2Client): string {
  return client.frames.map(({ type, flags, stream, payload }) =>
    `${type}/${flags} on ${stream}${payload.length <= 8 ? ` [${payload}]` : ""}`
  ).join(", ");
}

/** The code that a stream was reset with, or that its connection ended with. */
function resetCode(client: Http2Client): Promise<number> {
  return until(
    () => {
      const last = client.frames.find(({ type, stream }) =>
        type === FrameType.goAway || (type === FrameType.reset && stream === 1)
      );
      return last === undefined ? null : { code: last.payload[last.type === FrameType.goAway ? 7 : 3]! };
    },
    () => `a reset; there was ${seen(client)}`,
    { patienceMs: 5_000 },
  ).then(({ code }) => code);
}

Deno.test("a client that breaks a rule of the connection is disconnected, and told why", () =>
  tryAll(CONNECTION_ERRORS, async (client, { ends }) => {
    const code = await client.goodbye();
    assert.ok(code !== null && ends!.includes(code), `GOAWAY with ${code} instead of ${ends}`);
  }));

Deno.test("a request that breaks a rule is refused, and its connection lives on", () =>
  tryAll(MALFORMED_REQUESTS, async (client, { resets }, { target }) => {
    const before = target.requests.length;
    const code = await resetCode(client);
    assert.ok(resets!.includes(code), `a reset with ${code} instead of ${resets}`);
    await client.send(get(99, "/next"));
    assert.equal(await client.status(99), 200);
    for (const { path, headers, body } of target.requests.slice(before)) {
      // A body that turns out wrong can have begun.
      assert.ok(path === "/next" || path === "/hang" || body.length < 5, JSON.stringify([path, headers]));
    }
  }));

Deno.test("a stream that breaks a rule is reset", () =>
  tryAll(STREAM_ERRORS, async (client, { resets }) => {
    const code = await resetCode(client);
    assert.ok(resets!.includes(code), `a reset with ${code} instead of ${resets}`);
  }));

Deno.test("what is unknown, or harmless, is passed over, and the request served", () =>
  tryAll(ALLOWED, async (client) => {
    const status = until(() => client.heads(1)[0]?.[0]?.[1], () => `a response; there was ${seen(client)}`, {
      patienceMs: 5_000,
    });
    assert.equal(await status, "200");
    await until(() => client.finished(1), "the response's end");
    await client.send(frame(FrameType.windowUpdate, 0, 1, word(1)), frame(FrameType.reset, 0, 1, word(8)));
    await client.send(get(99, "/next"));
    assert.equal(await client.status(99), 200);
  }));
