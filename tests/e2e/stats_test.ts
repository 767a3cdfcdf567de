import assert from "node:assert/strict";
import { ask, type Question, tally } from "../support/ask.ts";
import { PASSES_GET_BODIES } from "../support/engine.ts";
import { freePort } from "../support/free_port.ts";
import { until } from "../support/poll.ts";
import { RawClient } from "../support/raw_client.ts";
import { answer, breakOff, byPath, chunked, closeBeforeHeaders, hang, okay } from "../support/recorder_scripts.ts";
import type { AnswerScript } from "../support/recorder_target.ts";
import { RecorderTarget } from "../support/recorder_target.ts";
import { type LogLine, startSluice } from "../support/sluice_process.ts";
import { numberedGroup } from "../support/mock_group.ts";

/** One kind of request of the mix: what is asked, and what the client gets (`cut`: an answer that breaks off). */
interface Kind {
  readonly path: string;
  readonly count: number;
  readonly question?: Question;
  readonly expected: string;
}

const BODY = "x".repeat(300);
const KINDS: readonly Kind[] = [
  { path: "/good", count: 900, expected: "200" },
  { path: "/good/post", count: 200, question: { method: "POST", body: BODY }, expected: "200" },
  { path: "/good/head", count: 100, question: { method: "HEAD" }, expected: "200" },
  { path: "/good/chunked", count: 100, expected: "200" },
  { path: "/good/empty", count: 50, expected: "204" },
  { path: "/good/500", count: 100, expected: "500" },
  { path: "/good/404", count: 50, expected: "404" },
  { path: "/flaky", count: 100, expected: "200" },
  { path: "/good/reset", count: 50, question: { method: "POST", body: "once" }, expected: "502" },
  { path: "/good/cut", count: 50, expected: "cut" },
  { path: "/good/hang", count: 20, expected: "504" },
  { path: "/sticky", count: 100, expected: "200" },
  { path: "/half", count: 60, expected: "200" },
  { path: "/gone", count: 40, expected: "502" },
  { path: "/nowhere", count: 40, expected: "404" },
  { path: "/good/large", count: 10, question: { method: "POST", body: "x".repeat(1001) }, expected: "413" },
  {
    path: "/good/body",
    count: 10,
    question: { body: "a GET with a body" },
    expected: PASSES_GET_BODIES ? "200" : "400",
  },
];
const LEFT = 20;
const TOTAL = 2000;

/** Asks once and says what the client got. */
async function outcome(url: string, kind: Kind, number: number): Promise<string> {
  const { status, response } = await ask(url, `${kind.path}?${number}`, kind.question);
  return response.cutOff ? "cut" : String(status);
}

/** The value of a metric, all its samples that have these labels added up. */
function metric(text: string, name: string, labels: Record<string, string> = {}): number {
  return text.split("\n")
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .filter((line) => Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

function sum(lines: readonly LogLine[], field: string): number {
  return lines.reduce((total, line) => total + Number(line[field]), 0);
}

Deno.test("C18: of 2,000 mixed requests clients, targets, log, stats and metrics agree to the byte", async () => {
  assert.equal(KINDS.reduce((total, { count }) => total + count, LEFT), TOTAL);
  // A request's first attempt breaks before its headers, its retry gets the answer. On connections of their own: on a
  // kept one fetch would send it again by itself (the last test here).
  const begun = new Set<string>();
  const flaky: AnswerScript = (turn) => {
    if (begun.has(turn.path)) return answer(200, ["Connection: close"], "flaky")(turn);
    begun.add(turn.path);
    return closeBeforeHeaders()(turn);
  };
  const script = () =>
    byPath({
      "/good/chunked": chunked(["one", "two"]),
      "/good/empty": answer(204),
      "/good/500": answer(500, [], "broken"),
      "/good/404": answer(404, [], "none"),
      "/good/reset": closeBeforeHeaders(),
      "/good/cut": breakOff(100, 10),
      "/good/hang": hang(),
    }, okay("fine"));
  await using good = await RecorderTarget.start(script());
  await using fickle = await RecorderTarget.start(flaky);
  const refusing = `127.0.0.1:${freePort()}`;
  await using sluice = await startSluice({
    env: {
      ...numberedGroup(1, "good", good.address),
      ...numberedGroup(2, "half", `${refusing},${good.address}`),
      ...numberedGroup(3, "gone", refusing),
      ...numberedGroup(4, "sticky", good.address),
      ...numberedGroup(5, "flaky", fickle.address),
      TARGET_GROUP_4_ALGORITHM: "STICKY",
      CONNECTION_TIMEOUT: "400",
      MAX_BODY_BYTES: "1000",
    },
  });

  const queue = KINDS.flatMap((kind) => Array.from({ length: kind.count }, () => kind));
  const got: [string, string][] = [];
  await Promise.all(Array.from({ length: 16 }, async () => {
    for (let kind = queue.shift(); kind !== undefined; kind = queue.shift()) {
      got.push([kind.path, await outcome(sluice.url, kind, queue.length)]);
    }
  }));
  for (let i = 0; i < LEFT; i++) {
    await using client = await RawClient.connect(sluice.url);
    const before = good.requests.length;
    await client.send("GET /good/hang HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => good.requests.length > before, "the request to reach the target");
    await client.reset();
  }
  const stats = await sluice.settled();
  const lines = await sluice.accessLines(TOTAL);
  const metrics = await (await fetch(`${sluice.adminUrl}/metrics`)).text();

  // Client: each kind got what it was to get.
  const byKind = tally(got, ([path, what]) => `${path} ${what}`);
  assert.deepEqual(
    byKind,
    Object.fromEntries(KINDS.map(({ path, count, expected }) => [`${path} ${expected}`, count])),
  );

  // Totals.
  assert.equal(lines.length, TOTAL);
  assert.equal(stats.total.requests, TOTAL);
  assert.equal(stats.total.finished, TOTAL);
  assert.equal(metric(metrics, "sluice_requests_received_total"), TOTAL);
  assert.equal(metric(metrics, "sluice_requests_total"), TOTAL);
  assert.equal(metric(metrics, "sluice_requests_in_flight"), 0);

  // Status classes: what clients saw; those that left are 499, an answer that was cut began with 200.
  const seen = [...got.map(([, what]) => what === "cut" ? "200" : what), ...Array(LEFT).fill("499")];
  const classes = tally(seen, (status) => `${status[0]}xx`);
  assert.deepEqual(tally(lines, ({ status }) => `${String(status)[0]}xx`), classes);
  for (const [name, count] of Object.entries(classes)) {
    assert.equal(stats.total.statusClasses[name as "2xx"], count, name);
    assert.equal(metric(metrics, "sluice_requests_total", { status_class: name }), count, name);
  }
  assert.equal(stats.total.errors, classes["5xx"]);

  // Reasons.
  const reasons = {
    connect_refused: 40,
    no_rule: 40,
    body_too_large: 10,
    ...(PASSES_GET_BODIES ? {} : { bad_request: 10 }),
    timeout: 20,
    reset_before_headers: 50,
    client_closed: LEFT,
  };
  const logged = tally(lines.filter(({ reason }) => reason !== null), ({ reason }) => String(reason));
  assert.deepEqual(logged, reasons);
  assert.deepEqual(Object.fromEntries(Object.entries(stats.reasons).filter(([, count]) => count > 0)), reasons);
  for (const [reason, count] of Object.entries(reasons)) {
    assert.equal(metric(metrics, "sluice_own_answers_total", { reason }), count, reason);
  }
  assert.equal(lines.filter(({ cutBy }) => cutBy === "target").length, 50);

  // Attempts, retries and what the target itself counted.
  const targets = stats.groups.flatMap((each) => each.targets);
  const reached = targets.filter(({ address }) => address === good.address);
  const total = (
    of: typeof targets,
    field: "requests" | "retries" | "connectFailures" | "noAnswer" | "brokenByTarget" | "leftByClient",
  ) => of.reduce((all, each) => all + each[field], 0);
  assert.equal(total(reached, "requests"), good.requests.length);
  assert.equal(total(reached, "connectFailures"), 0);
  const fickleOnes = targets.filter(({ address }) => address === fickle.address);
  assert.deepEqual([total(fickleOnes, "requests"), total(fickleOnes, "retries"), fickle.requests.length], [
    200,
    100,
    200,
  ]);
  assert.equal(total(targets, "requests"), sum(lines, "attempts"));
  assert.equal(metric(metrics, "sluice_target_attempts_total"), sum(lines, "attempts"));
  const resent = sum(lines, "attempts") - lines.filter(({ attempts }) => attempts !== 0).length;
  assert.equal(total(targets, "retries"), resent);
  assert.equal(stats.total.retries, resent);
  assert.equal(metric(metrics, "sluice_target_retries_total"), resent);
  assert.equal(total(targets, "brokenByTarget"), 50);
  assert.equal(total(targets, "leftByClient"), LEFT);
  assert.equal(
    good.requests.filter(({ path }) => path.startsWith("/good/reset?")).length,
    50,
    "a POST never goes twice",
  );
  for (const field of ["large", "body"]) {
    if (PASSES_GET_BODIES && field === "body") continue;
    assert.ok(!good.requests.some(({ path }) => path.startsWith(`/good/${field}?`)), field);
  }

  // Bytes of bodies.
  const ofGet = PASSES_GET_BODIES ? 10 * "a GET with a body".length : 0;
  const sent = 200 * BODY.length + 50 * 4 + ofGet;
  assert.equal(good.requests.reduce((all, { body }) => all + body.length, 0), sent);
  assert.equal(sum(lines, "requestBytes"), sent);
  assert.equal(stats.total.requestBytes, sent);
  assert.equal(metric(metrics, "sluice_request_bytes_total"), sent);
  const answered = (900 + 200 + 100 + 60 + (PASSES_GET_BODIES ? 10 : 0)) * 4 + 100 * 6 + 100 * 6 + 50 * 4 + 100 * 5 +
    50 * 10;
  assert.equal(sum(lines, "responseBytes"), answered);
  assert.equal(stats.total.responseBytes, answered);
  assert.equal(metric(metrics, "sluice_response_bytes_total"), answered);
});

Deno.test("fetch resends a GET if the target drops its connection: the target counts two, sluice one", async () => {
  let drop = false;
  await using target = await RecorderTarget.start((turn) => {
    if (!drop) return okay()(turn);
    drop = false;
    return closeBeforeHeaders()(turn);
  });
  await using sluice = await startSluice({ env: { BACKEND_SERVERS: target.address, HEALTH_CHECK_ENABLED: "false" } });
  assert.equal((await ask(sluice.url, "/warm")).status, 200);
  drop = true;
  assert.equal((await ask(sluice.url, "/dropped")).status, 200);
  const stats = await sluice.settled();
  assert.deepEqual(target.requests.map(({ path, connection }) => [path, connection]), [
    ["/warm", 0],
    ["/dropped", 0],
    ["/dropped", 1],
  ]);
  // No part of sluice hears of it; RFC 9112 section 9.3.1 allows it for idempotent methods, and no other is kept
  // waiting.
  assert.equal(stats.groups[0]!.requests, 2);
  assert.equal(stats.total.retries, 0);
});
