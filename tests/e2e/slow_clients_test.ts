/**
 * Many slow clients of sluice's own engine at once: others are served beside them, each is cut for its own reason,
 * nothing stays.
 */
import assert from "node:assert/strict";
import { okay } from "../support/recorder_scripts.ts";
import { until } from "../support/poll.ts";
import { SlowClients } from "../support/slow_clients.ts";
import { wireEngineStage } from "../support/wire_engine_stage.ts";

/** `deno task soak` runs the full sizes. */
const FULL = Deno.env.has("SLUICE_TEST_SOAK");
const HEADS = FULL ? 8_000 : 150;
const BODIES = FULL ? 2_000 : 80;
/** Each holds megabytes in the system's own buffers. */
const DEAF = FULL ? 200 : 15;
const FLOOD = FULL ? 5_000 : 400;
const DESCRIPTORS = FULL ? 1_024 : 160;

/** How the requests went that were sent beside slow clients. */
interface Beside {
  readonly perSecond: number;
  readonly p99Ms: number;
}

/** Requests one after the other on 16 kept connections, as long as `work` takes; each must be served. */
async function beside(port: number, work: () => Promise<void>): Promise<Beside> {
  const times: number[] = [];
  let working = true;
  const bytes = new TextEncoder().encode("GET /beside HTTP/1.1\r\nHost: a\r\n\r\n");
  const since = performance.now();
  const clients = Array.from({ length: 16 }, async () => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const room = new Uint8Array(4096);
    while (working) {
      const at = performance.now();
      await conn.write(bytes);
      let text = "";
      while (!text.endsWith("\r\n\r\nok")) {
        const count = await conn.read(room);
        assert.ok(count !== null, `a connection of the others was closed behind ${JSON.stringify(text)}`);
        text += new TextDecoder().decode(room.subarray(0, count));
      }
      assert.match(text, /^HTTP\/1.1 200 /);
      times.push(performance.now() - at);
    }
    conn.close();
  });
  try {
    await work();
  } finally {
    working = false;
  }
  await Promise.all(clients);
  times.sort((a, b) => a - b);
  return {
    perSecond: times.length / (performance.now() - since) * 1000,
    p99Ms: times[Math.floor(times.length * 0.99)]!,
  };
}

function show(what: string, { perSecond, p99Ms }: Beside): void {
  if (FULL) console.log(`${what}: ${perSecond.toFixed(0)} requests/s beside, p99 ${p99Ms.toFixed(1)} ms`);
}

const rest = () => new Promise<void>((resolve) => setTimeout(resolve, 3000));

Deno.test(`${HEADS} half-open heads end in 408 head_timeout, and others are served beside them`, async () => {
  await using stage = await wireEngineStage({ LISTENER_HEAD_TIMEOUT: FULL ? "10s" : "1s", REASON_HEADER: "true" });
  if (FULL) show("nobody", await beside(stage.sluice.port, rest));
  const slow = new SlowClients();
  const text = "GET / HTTP/1.1\r\nHost: a\r\nX-Half: o";
  const opening = slow.open(stage.sluice.port, { count: HEADS, text, reads: true });
  if (FULL) await opening;
  show(
    `${HEADS} half-open heads`,
    await beside(stage.sluice.port, async () => {
      await opening;
      await slow.ended();
    }),
  );
  slow.close();
  assert.deepEqual([...slow.endings], [["408 head_timeout", HEADS]]);
  await allGone(stage);
});

Deno.test(`${BODIES} bodies of a byte at a time go on, and end in 408 body_timeout when they stop`, async () => {
  const everyMs = FULL ? 1_000 : 300;
  await using stage = await wireEngineStage({ LISTENER_BODY_TIMEOUT: FULL ? "20s" : "1s", REASON_HEADER: "true" });
  stage.target.script = okay();
  if (FULL) show("nobody", await beside(stage.sluice.port, rest));
  const slow = new SlowClients();
  await slow.open(stage.sluice.port, {
    count: BODIES,
    text: "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n",
    reads: true,
  });
  show(
    `${BODIES} bodies of a byte a second`,
    await beside(stage.sluice.port, async () => {
      await slow.trickle(6, everyMs);
      assert.equal(slow.endings.size, 0, "none was cut while its bytes came");
      await slow.ended();
    }),
  );
  slow.close();
  assert.deepEqual([...slow.endings], [["408 body_timeout", BODIES]]);
  await allGone(stage);
});

Deno.test(
  `${DEAF} clients that never read are cut after LISTENER_WRITE_TIMEOUT, and others are served beside them`,
  async () => {
    await using stage = await wireEngineStage({ LISTENER_WRITE_TIMEOUT: "1500" });
    const piece = new Uint8Array(1_000_000);
    stage.target.script = async (turn) => {
      if (turn.path !== "/deaf") return await okay()(turn);
      await turn.socket.send("HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n");
      for (let i = 0; i < 8; i++) await turn.socket.send(piece).catch(() => {});
    };
    if (FULL) show("nobody", await beside(stage.sluice.port, rest));
    const slow = new SlowClients();
    show(
      `${DEAF} clients that never read`,
      await beside(stage.sluice.port, async () => {
        await slow.open(stage.sluice.port, {
          count: DEAF,
          text: "GET /deaf HTTP/1.1\r\nHost: a\r\n\r\n",
          reads: false,
        });
        const cut = async () => (await stage.sluice.accessLines()).filter(({ path }) => path === "/deaf").length;
        await until(async () => await cut() === DEAF, "all of them to be cut", { patienceMs: 60_000, everyMs: 100 });
      }),
    );
    slow.close();
    const lines = (await stage.sluice.accessLines()).filter(({ path }) => path === "/deaf");
    assert.ok(lines.every(({ cutBy }) => cutBy === "client"), "each was cut for itself");
    await allGone(stage);
  },
);

Deno.test(`${FLOOD} connections with ${DESCRIPTORS} descriptors: others are served beside them`, async () => {
  await using stage = await wireEngineStage();
  if (FULL) show("nobody", await beside(stage.sluice.port, rest));
  const args = ["--pid", String(stage.sluice.pid), `--nofile=${DESCRIPTORS}:${DESCRIPTORS}`];
  assert.ok((await new Deno.Command("prlimit", { args }).output()).success);
  const slow = new SlowClients();
  show(
    `${FLOOD} connections`,
    await beside(stage.sluice.port, async () => {
      // Until the flood is a second old it may hold all descriptors: a request that needs a new connection then gets
      // 503.
      const finished = async () => (await stage.sluice.stats()).total.finished;
      await until(async () => await finished() > 500, "kept connections to the target");
      await slow.open(stage.sluice.port, { count: FLOOD, text: "", reads: false });
      await rest();
    }),
  );
  slow.close();
  await allGone(stage);
});

/**
 * Nothing is in flight, no connection to a target is at work, and none of a client stays but those that end by
 * themselves.
 */
async function allGone(
  { sluice }: { readonly sluice: Awaited<ReturnType<typeof wireEngineStage>>["sluice"] },
): Promise<void> {
  await until(async () => {
    const { total } = await sluice.settled();
    return total.connections!.active === 0;
  }, "no connection to be at work");
  assert.deepEqual(sluice.events.filter(({ event }) => event === "internal_error" || event === "listener_down"), []);
}
