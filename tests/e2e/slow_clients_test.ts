/**
 * Many slow clients of sluice's own engine at once: others are served beside them, each is cut for its own reason,
 * nothing stays.
 */
import assert from "node:assert/strict";
import { pause, until } from "../support/poll.ts";
import { type Beside, SlowStage } from "../support/slow/slow_stage.ts";

/** `deno task soak` runs the full sizes, and prints how the others fared. */
const FULL = Deno.env.has("SLUICE_TEST_SOAK");
const HEADS = FULL ? 8_000 : 150;
const BODIES = FULL ? 2_000 : 80;
/**
 * Each takes up to 6 MB of the system's own buffers for sockets (`net.ipv4.tcp_mem` limits all of them, to 2.2 GB on a
 * machine of 24). `SLUICE_TEST_DEAF=1000` fits in a network namespace where `net.ipv4.tcp_wmem` and `tcp_rmem` end at
 * 256 KB: `unshare --net`.
 */
const DEAF = Number(Deno.env.get("SLUICE_TEST_DEAF") ?? (FULL ? 200 : 15));
const FLOOD = FULL ? 5_000 : 400;
const DESCRIPTORS = FULL ? 1_024 : 160;

function show(what: string, { ratio, pairs, p99Ms, aloneP99Ms }: Beside): void {
  if (!FULL) return;
  const percent = (100 * ratio).toFixed(0);
  console.log(
    `${what}: others get ${percent} % of what they get without (${pairs} pairs), p99 ${p99Ms.toFixed(1)} ms ` +
      `(without ${aloneP99Ms.toFixed(1)} ms)`,
  );
}

Deno.test(`${HEADS} half-open heads end in 408 head_timeout, and others are served beside them`, async () => {
  await using stage = await SlowStage.start({ LISTENER_HEAD_TIMEOUT: FULL ? "20s" : "1s" });
  const text = "GET / HTTP/1.1\r\nHost: a\r\nX-Half: o";
  let endings = {};
  show("While heads come", await stage.beside(() => stage.open({ count: HEADS, text, reads: true })));
  if (FULL) show(`${HEADS} half-open heads`, await stage.beside(() => pause(8_000)));
  show("Until they are cut", await stage.beside(async () => void (endings = await stage.ended())));
  assert.deepEqual(endings, { "408 head_timeout": HEADS });
  await stage.allGone();
});

Deno.test(`${BODIES} bodies of a byte at a time go on, and end in 408 body_timeout when they stop`, async () => {
  const everyMs = FULL ? 1_000 : 600;
  await using stage = await SlowStage.start({ LISTENER_BODY_TIMEOUT: FULL ? "20s" : "3s" });
  const text = "POST /slow/body HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n";
  let endings = {};
  show("While bodies begin", await stage.beside(() => stage.open({ count: BODIES, text, reads: true })));
  show(
    `${BODIES} bodies of a byte a second`,
    await stage.beside(async () => {
      await stage.trickle(FULL ? 21 : 6, everyMs);
      assert.deepEqual(await stage.endings(), {}, "none was cut while its bytes came");
    }),
  );
  show("Until they are cut", await stage.beside(async () => void (endings = await stage.ended())));
  assert.deepEqual(endings, { "408 body_timeout": BODIES });
  await stage.allGone();
});

Deno.test(`${DEAF} clients that never read are cut after LISTENER_WRITE_TIMEOUT, beside others`, async () => {
  await using stage = await SlowStage.start({ LISTENER_WRITE_TIMEOUT: FULL ? "10s" : "1500" });
  const { sluice } = stage;
  const text = "GET /slow/deaf HTTP/1.1\r\nHost: a\r\n\r\n";
  const cut = async () => (await sluice.accessLines()).filter(({ path }) => path === "/slow/deaf");
  show("While responses begin", await stage.beside(() => stage.open({ count: DEAF, text, reads: false })));
  show(
    `${DEAF} clients that never read`,
    await stage.beside(async () => {
      await until(async () => (await cut()).length === DEAF, "all of them to be cut", {
        patienceMs: 60_000,
        everyMs: 100,
      });
    }),
  );
  await stage.close();
  assert.ok((await cut()).every(({ cutBy }) => cutBy === "client"), "each was cut for itself");
  await stage.allGone();
});

Deno.test(`${FLOOD} connections with ${DESCRIPTORS} descriptors: others are served beside them`, async () => {
  await using stage = await SlowStage.start();
  const { sluice } = stage;
  const args = ["--pid", String(sluice.pid), `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`];
  assert.ok((await new Deno.Command("prlimit", { args }).output()).success);
  show(
    `${FLOOD} connections`,
    await stage.beside(async () => {
      // Until the flood is a second old it may hold all descriptors: a request that needs a new connection then gets
      // 503.
      await until(async () => (await sluice.stats()).total.finished > 500, "kept connections to the target");
      await stage.open({ count: FLOOD, text: "", reads: false });
      await pause(3_000);
    }),
  );
  await stage.close();
  await stage.allGone();
});
