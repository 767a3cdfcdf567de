/**
 * What is asked of thousands of targets is made in turns: nothing of it may hold up the requests of the same thread.
 */
import assert from "node:assert/strict";
import { createAdminApp } from "../../../src/admin/app.ts";
import { statsJson } from "../../../src/admin/stats/stats.ts";
import { systemClock } from "../../../src/time/clock.ts";
import { shownLines } from "../../../src/logging/shown_text.ts";
import { failedDecision, FakeAdminSource, OPEN_ADMIN } from "../../support/fake_admin_source.ts";
import { LogRecorder } from "../../support/log_recorder.ts";

const TARGETS = 4000;
/** Two histograms each. */
const READS_AT_ONCE = 2 * 100;
const BYTES_AT_ONCE = 256 * 1024;

/**
 * Asks for a page, and watches how much of the table is read, and how much JSON is written, in one turn of the event
 * loop.
 */
async function watch(source: FakeAdminSource, path: string, until: RegExp | null = null) {
  const done = { reads: 0, chars: 0 };
  const before = { reads: 0, chars: 0 };
  const most = { reads: 0, chars: 0 };
  const { addHistogram } = source.table;
  source.table.addHistogram = (...args) => {
    done.reads++;
    return addHistogram.apply(source.table, args);
  };
  const { stringify } = JSON;
  JSON.stringify = (value: unknown, replacer?: any, space?: string | number) => {
    const text = stringify(value, replacer, space);
    done.chars += text.length;
    return text;
  };
  let watching = true;
  const watched = new Promise<void>((resolve) => {
    const turn = () => {
      for (const what of ["reads", "chars"] as const) {
        most[what] = Math.max(most[what], done[what] - before[what]);
        before[what] = done[what];
      }
      if (watching) setImmediate(turn);
      else resolve();
    };
    turn();
  });
  const abort = new AbortController();
  const app = createAdminApp(source, OPEN_ADMIN, {
    clock: systemClock,
    log: new LogRecorder(),
    signal: abort.signal,
  });
  const response = await app.request(path, { headers: { host: "localhost" } });
  const pieces: Uint8Array[] = [];
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of response.body!) {
    pieces.push(piece);
    text += decoder.decode(piece, { stream: true });
    if (until?.test(text)) break;
  }
  watching = false;
  await watched;
  JSON.stringify = stringify;
  abort.abort();
  return { reads: done.reads, most, pieces, text };
}

for (const path of ["/lb/stats", "/metrics"]) {
  Deno.test(`${path} of ${TARGETS} targets is read and written a few targets a turn, each target once`, async () => {
    const { reads, most, pieces } = await watch(new FakeAdminSource({ web: TARGETS - 1, api: 1 }), path);
    assert.equal(reads, 2 * TARGETS);
    assert.ok(most.reads <= READS_AT_ONCE, `${most.reads} histograms were read in one turn`);
    assert.ok(most.chars <= BYTES_AT_ONCE, `${most.chars} characters were written in one turn`);
    for (const piece of pieces) assert.ok(piece.length <= BYTES_AT_ONCE, `a piece of ${piece.length} bytes`);
  });
}

Deno.test(`/events of ${TARGETS} targets is written a few targets a turn, each once a tick`, async () => {
  const source = new FakeAdminSource({ web: TARGETS - 1, api: 1 });
  const { reads, most, text } = await watch(source, "/events", /event: tick\n.*\n\n/);
  assert.ok(most.reads <= READS_AT_ONCE, `${most.reads} histograms were read in one turn`);
  assert.ok(most.chars <= BYTES_AT_ONCE, `${most.chars} characters were written in one turn`);
  const [system, tick] = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data!));
  assert.deepEqual(system.groups.map(({ targets }: { targets: [] }) => targets.length), [TARGETS - 1, 1]);
  assert.equal(tick.targets.length, TARGETS);
  assert.equal(reads, 2 * TARGETS);
});

Deno.test("/decisions of 2,000 requests is written a few decisions a turn, once for all who ask together", async () => {
  const source = new FakeAdminSource({ web: 1 });
  source.lastDecisions = Array.from({ length: 2000 }, (_, i) => failedDecision(`\x1b\u202e "${i}"`));
  const { most, text } = await watch(source, "/decisions");
  assert.ok(most.chars <= BYTES_AT_ONCE, `${most.chars} characters were written in one turn`);
  assert.equal(text, `${shownLines(JSON.stringify({ decisions: source.lastDecisions }, null, 2))}\n`);
  const again = await watch(source, "/decisions");
  assert.equal(again.text, text);
  assert.equal(again.most.chars, 0);
  const { text: none } = await watch(source, "/decisions?limit=0");
  assert.equal(none, `${JSON.stringify({ decisions: [] }, null, 2)}\n`);
});

Deno.test("statistics in pieces equal statistics in one go, whatever the groups are called", async () => {
  const source = new FakeAdminSource({ web: 120, empty: 0, '"targets": []': 1, one: 50 });
  for (let slot = 0; slot < 100; slot++) source.answer(slot, slot % 7 === 0 ? 503 : 200, { ttfbMicros: slot * 100 });
  const { text } = await watch(source, "/lb/stats");
  const stats = JSON.parse(text);
  const whole = statsJson(source.view(), source.table, Date.parse(stats.now));
  assert.deepEqual(stats, JSON.parse(JSON.stringify(whole)));
  assert.equal(text, `${JSON.stringify(JSON.parse(text), null, 2)}\n`);
});
