/** What `explain` says of an engine is what the engine does. */
import assert from "node:assert/strict";
import type { Explanation } from "../../../src/views/explanation.ts";
import { groupEnvironment } from "../../support/mock_group.ts";
import { RawClient } from "../../support/raw_client.ts";
import { RecorderTarget } from "../../support/recorder_target.ts";
import { runSluice, type SluiceProcess, startSluice } from "../../support/sluice_process.ts";

/** A request line, its header lines without Host, and what `explain` is to say of it. */
interface Case {
  readonly what: string;
  readonly method: string;
  readonly lines: readonly string[];
  /** Of the response; 200 comes from the target. */
  readonly status: number;
  readonly note: string | null;
}

const CASES: Readonly<Record<string, readonly Case[]>> = {
  "wire+wire": [
    { what: "a plain request", method: "GET", lines: [], status: 200, note: null },
    { what: "a body on GET", method: "GET", lines: ["Content-Length: 1"], status: 200, note: "The body goes with GET" },
    { what: "an upgrade", method: "GET", lines: ["Connection: upgrade", "Upgrade: foo"], status: 200, note: "to foo" },
    { what: "h2c", method: "GET", lines: ["Connection: upgrade", "Upgrade: h2c"], status: 200, note: "is ignored" },
    { what: "Expect", method: "POST", lines: ["Expect: 100-continue"], status: 200, note: "Expect goes to the target" },
    { what: "two lengths", method: "POST", lines: ["Content-Length: 1", "Content-Length: 1"], status: 400, note: null },
    { what: "a large head", method: "GET", lines: [`X: ${"x".repeat(2_000)}`], status: 431, note: null },
  ],
  "wire+fetch": [
    { what: "a body on GET", method: "GET", lines: ["Content-Length: 1"], status: 400, note: null },
    { what: "an upgrade", method: "GET", lines: ["Connection: upgrade", "Upgrade: foo"], status: 200, note: "to foo" },
    { what: "Expect", method: "POST", lines: ["Expect: 100-continue"], status: 200, note: "sluice answers Expect" },
  ],
  "serve+wire": [
    { what: "a plain request", method: "GET", lines: [], status: 200, note: null },
    { what: "a body on GET", method: "GET", lines: ["Content-Length: 1"], status: 400, note: "=wire would" },
    {
      what: "an upgrade",
      method: "GET",
      lines: ["Connection: upgrade", "Upgrade: foo"],
      status: 501,
      note: "=wire would",
    },
    { what: "a coding", method: "POST", lines: ["Transfer-Encoding: gzip"], status: 400, note: null },
    { what: "h2c", method: "GET", lines: ["Connection: upgrade", "Upgrade: h2c"], status: 200, note: "is ignored" },
    { what: "Expect", method: "POST", lines: ["Expect: 100-continue"], status: 200, note: "sluice answers Expect" },
  ],
};

for (const [combination, cases] of Object.entries(CASES)) {
  Deno.test(`${combination}: explain says what the engine makes of a request`, async (t) => {
    const [engine, transport] = combination.split("+") as ["serve" | "wire", string];
    await using target = await RecorderTarget.start();
    await using sluice = await startSluice({
      env: groupEnvironment(target.address, {
        LISTENER_ENGINE: engine,
        UPSTREAM_TRANSPORT: transport,
        ...(engine === "wire" ? { LISTENER_MAX_HEAD_BYTES: "1500" } : {}),
        REASON_HEADER: "true",
      }),
    });
    for (const { what, method, lines, status, note } of cases) {
      await t.step(what, async () => {
        const explained = await explanationOf(sluice, method, lines);
        assert.equal(explained.engine, engine);
        assert.equal(explained.answer?.status ?? 200, status, explained.why);
        const notes = explained.engineNotes.join("\n");
        assert.ok(note === null ? notes === "" : notes.includes(note), notes);
        assert.equal(await statusOf(sluice, method, lines), status);
      });
    }
  });
}

Deno.test("explain prints which engine receives a request, and the rule that a head breaks", async () => {
  const env = { BACKEND_SERVERS: "127.0.0.1:9" };
  const explain = (...args: string[]) =>
    runSluice(["explain", "GET", "/x", ...args], { ...env, LISTENER_ENGINE: "wire" });
  const upgrade = await explain("-H", "Connection: upgrade", "-H", "Upgrade: tcp");
  assert.match(upgrade.stdout, /^GET \/x\n {2}received by the engine wire\n {2}Upgrade to tcp: after the target's 101/);
  const { stdout } = await explain("-H", "Host: a", "-H", "Host: b");
  assert.match(stdout, /by sluice itself: 400 bad_request\n {2}Refused while its head is read: two Hosts/);
});

function explanationOf(sluice: SluiceProcess, method: string, lines: readonly string[]): Promise<Explanation> {
  const query = new URLSearchParams({ method, url: "/x" });
  for (const line of lines) query.append("header", line);
  return sluice.adminJson(`/explain?${query}`);
}

async function statusOf(sluice: SluiceProcess, method: string, lines: readonly string[]): Promise<number> {
  await using client = await RawClient.connect(sluice.url);
  const hasBody = lines.includes("Content-Length: 1");
  await client.send(
    `${method} /x HTTP/1.1\r\n${["Host: shop.test", ...lines].join("\r\n")}\r\n\r\n${hasBody ? "b" : ""}`,
  );
  return (await client.response(method)).status;
}
