import assert from "node:assert/strict";
import { freePort } from "../../support/free_port.ts";
import { groupEnvironment, MockGroup } from "../../support/mock_group.ts";
import { until, within } from "../../support/poll.ts";
import { startSluice } from "../../support/sluice_process.ts";

/** Starts of each kind; `SLUICE_STARTS=100` for the long form. */
const STARTS = Number(Deno.env.get("SLUICE_STARTS") ?? "3");
const REQUEST = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

type Outcome = "refused" | "answered" | "reset";

/** One connection with one request, as a client finds sluice at that moment. */
async function knock(port: number): Promise<Outcome> {
  let conn: Deno.TcpConn;
  try {
    conn = await Deno.connect({ hostname: "127.0.0.1", port });
  } catch (error) {
    return error instanceof Deno.errors.ConnectionRefused ? "refused" : "reset";
  }
  try {
    const start = new Uint8Array(12);
    await conn.write(REQUEST);
    const length = await conn.read(start);
    return length !== null && new TextDecoder().decode(start).startsWith("HTTP/1.1 200") ? "answered" : "reset";
  } catch {
    return "reset";
  } finally {
    conn.close();
  }
}

for (const workers of ["1", "2"]) {
  Deno.test(`a client that connects during the start is never reset (LISTENER_WORKERS=${workers})`, async () => {
    await using mocks = await MockGroup.start(2);
    for (let start = 0; start < STARTS; start++) {
      const port = freePort();
      const outcomes: Record<Outcome, number> = { refused: 0, answered: 0, reset: 0 };
      const knocks = new Set<Promise<void>>();
      const knocking = setInterval(() => {
        const done: Promise<void> = knock(port).then((outcome) => {
          outcomes[outcome]++;
          knocks.delete(done);
        });
        knocks.add(done);
      }, 1);
      const env = groupEnvironment(mocks.list, { LISTENER_PORT: String(port), LISTENER_WORKERS: workers });
      await using sluice = await startSluice({ env });
      try {
        await until(() => outcomes.answered >= 50, "clients to be answered");
      } finally {
        clearInterval(knocking);
        await within(Promise.all(knocks), "the last clients to be answered");
      }
      assert.ok(outcomes.refused > 0, "nobody came before the start");
      assert.equal(outcomes.reset, 0, JSON.stringify(outcomes));
      await sluice.settled();
    }
  });
}
