/**
 * Requests of every kind share connections with targets that close theirs at random, from clients of which some leave.
 */
import assert from "node:assert/strict";
import { groupEnvironment } from "../support/mock_group.ts";
import { until } from "../support/poll.ts";
import { RawClient } from "../support/raw_client.ts";
import { bodyText, header, type RawResponse } from "../support/raw_message.ts";
import { latin1 } from "../support/raw_socket.ts";
import { RecorderTarget, type Turn } from "../support/recorder_target.ts";
import { startSluice } from "../support/sluice_process.ts";
import {
  answerText,
  checksumOf,
  FORGED,
  FORGED_BYTES,
  KEPT,
  LARGE_BYTES,
  type Plan,
  WAYS,
} from "../support/wire_plans.ts";

const CLIENTS = 64;
const REQUESTS_EACH = 16;

const MOST_LARGE = 10;

/** Plans all requests of all clients, from one seed; the last of each goes well. */
function plansOf(seed: number): Plan[][] {
  let state = seed;
  const next = (below: number) => ((state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 8) % below;
  let large = 0;
  return Array.from({ length: CLIENTS }, (_, client) =>
    Array.from({ length: REQUESTS_EACH }, (_, index): Plan => {
      const last = index === REQUESTS_EACH - 1;
      const nonce = `n${client}-${index}-${next(1e6)}`;
      const method = (["GET", "GET", "PUT", "POST", "POST"] as const)[next(5)]!;
      let body: Plan["body"] = method === "GET" ? "none" : (["small", "small", "in pieces"] as const)[next(3)]!;
      if (method !== "GET" && next(40) === 0 && large++ < MOST_LARGE) body = "large";
      const size = body === "none" ? 0 : body === "small" ? 1 + next(5_000) : 1 + next(150_000);
      const bytes = FORGED_BYTES.slice(0, body === "large" ? LARGE_BYTES : size);
      bytes.set(latin1(nonce).subarray(0, bytes.length));
      return {
        nonce,
        method,
        body,
        bytes,
        checksum: checksumOf(bytes),
        way: last ? KEPT : WAYS[next(WAYS.length)]!,
        padding: FORGED.repeat([0, 20, 1500][next(3)]!),
        chunked: next(2) === 0,
        leaves: !last && next(12) === 0 ? (["while sending", "when sent", "while reading"] as const)[next(3)]! : null,
        dice: next(1e6),
      };
    }));
}

/** A request as it is written, one write an entry. */
function writesOf({ nonce, method, body, bytes, dice }: Plan): (string | Uint8Array)[] {
  const framing = body === "none"
    ? ""
    : body === "in pieces"
    ? "Transfer-Encoding: chunked\r\n"
    : `Content-Length: ${bytes.length}\r\n`;
  const head = `${method} /${nonce} HTTP/1.1\r\nHost: chaos.test\r\n${framing}\r\n`;
  if (body !== "in pieces") return [head, bytes];
  const step = 1 + Math.ceil(bytes.length / (1 + dice % 8));
  const pieces = [];
  for (let at = 0; at < bytes.length; at += step) {
    const piece = bytes.subarray(at, at + step);
    pieces.push(`${piece.length.toString(16)}\r\n`, piece, "\r\n");
  }
  return [head, ...pieces, "0\r\n\r\n"];
}

/**
 * Sends a request and reads its answer: null where the client left, or its connection ended first. `kept`: it may ask
 * again.
 */
async function ask(client: RawClient, plan: Plan): Promise<{ got: RawResponse | null; kept: boolean }> {
  const { socket } = client;
  const writes = writesOf(plan);
  if (plan.leaves === "while sending") writes.length = Math.ceil(writes.length / 2);
  // Where the target answers without the body, its rest comes after that: it must not go on to another's connection.
  const holds = plan.leaves === null && plan.way.early && plan.body === "in pieces";
  const rest = holds ? writes.splice(Math.ceil(writes.length / 2)) : [];
  // Whoever answers early may close: what is left of the body finds nobody.
  const sending = Promise.all(writes.map((bytes) => socket.send(bytes))).then(() => true, () => false);
  if (plan.leaves === null) {
    const got = await client.response().catch((error) => {
      if (socket.endedBy === null) throw error;
      return null;
    });
    await Promise.all(rest.map((bytes) => socket.send(bytes))).catch(() => {});
    // The listener closes a connection, unannounced, whose request's body it has not read to the end.
    const kept = got !== null && !got.cutOff && (plan.body === "none" || plan.way.whole && got.status === 200);
    return { got, kept };
  }
  if (plan.leaves !== "while reading") await sending;
  else if (socket.available === 0) await socket.readSome().catch(() => {});
  if (plan.dice % 2 === 0) await socket.close();
  else await socket.reset();
  await sending;
  return { got: null, kept: false };
}

function check(plan: Plan, got: RawResponse | null): void {
  const { nonce, method, body, way } = plan;
  const about = `${method} ${nonce}, body ${body}`;
  // Sent again where its connection was at its end: whatever others' connections came to, this is answered.
  if (way.whole && method !== "POST" && (body === "none" || body === "small")) assert.equal(got?.status, 200, about);
  if (got === null) return;
  if (got.status !== 200) {
    assert.deepEqual([got.status, header(got, "x-sluice-reason")], [502, "reset_before_headers"], about);
    return;
  }
  const answers = [answerText(plan, plan.checksum), answerText(plan, "unread")];
  if (!got.cutOff) assert.ok(answers.includes(bodyText(got)), `${about}: ${bodyText(got).slice(0, 200)}`);
  else assert.ok(!way.whole && answers.some((text) => text.startsWith(bodyText(got))), about);
}

Deno.test("on shared connections no response is mixed up, no POST goes twice, no cut looks whole", async () => {
  const plans = plansOf(1);
  const byNonce = new Map(plans.flat().map((plan) => [plan.nonce, plan]));
  const serve = async (turn: Turn) => {
    const plan = byNonce.get(turn.path.slice(1));
    assert.ok(plan !== undefined, turn.path);
    await plan.way.answer(turn, plan);
  };
  await using first = await RecorderTarget.start(serve);
  await using second = await RecorderTarget.start(serve);
  const targets = [first, second];
  await using sluice = await startSluice({
    env: groupEnvironment(targets.map(({ address }) => address).join(","), {
      UPSTREAM_TRANSPORT: "wire",
      CONNECTION_TIMEOUT: "60s",
      REASON_HEADER: "true",
    }),
  });

  let whole = 0;
  await Promise.all(plans.map(async (own) => {
    let client: RawClient | null = null as RawClient | null;
    for (const plan of own) {
      client ??= await RawClient.connect(sluice.url);
      const { got, kept } = await ask(client, plan);
      if (plan.leaves === null) check(plan, got);
      if (got?.status === 200 && !got.cutOff) whole++;
      if (kept) continue;
      await client.close();
      client = null;
    }
    await client?.close();
  }));

  const { total } = await sluice.settled();
  assert.equal(total.requests, total.finished);
  const { idle } = await until(async () => {
    const { active, idle } = (await sluice.stats()).total.connections!;
    return active === 0 && idle === first.open + second.open && { idle };
  }, "no connection to be busy, and all that are open to be counted as idle");
  const seen = targets.flatMap(({ requests }) => requests);
  const times = new Map<string, number>();
  for (const { method, path, body, cutOff } of seen) {
    const plan = byNonce.get(path.slice(1));
    assert.ok(plan !== undefined && plan.method === method, `${method} ${path}`);
    if (!cutOff) assert.equal(checksumOf(body), plan.checksum, `the body of ${path}`);
    times.set(path, (times.get(path) ?? 0) + 1);
    if (method === "POST") assert.equal(times.get(path), 1, path);
  }
  const shared = targets.flatMap(({ requests }) =>
    requests.filter(({ method, connection }, at) =>
      method === "POST" && requests.findIndex((other) => other.connection === connection) < at
    )
  );
  assert.ok(whole > 500 && shared.length > 100, `${whole} whole answers, ${shared.length} POSTs on used connections`);
  assert.ok(idle > 0, "the last ones left theirs open");
});
