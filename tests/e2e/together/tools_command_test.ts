import assert from "node:assert/strict";
import { type MockTarget, startMockTarget } from "../../../src/tools/mock_target.ts";
import { testWithPrograms } from "../../support/have_program.ts";
import { until } from "../../support/poll.ts";
import { runSluice, type SluiceProcess, startSluice } from "../../support/sluice_process.ts";
import { tempDir } from "../../support/temp_dir.ts";

async function withMock(run: (mock: MockTarget) => Promise<void>): Promise<void> {
  const mock = await startMockTarget({ port: 0 });
  try {
    await run(mock);
  } finally {
    await mock.shutdown();
  }
}

/** The addresses that `sluice mock` says it listens on, when there are as many. */
async function addresses(sluice: SluiceProcess, count: number): Promise<string[]> {
  return await until(() => {
    const found = [...sluice.stdout.matchAll(/^Mock target mock-\d+ listens on (http:\S+)$/gm)].map((match) =>
      match[1]!
    );
    return found.length === count && found;
  }, () => `${count} mock targets; it said ${sluice.stdout}${sluice.stderr}`);
}

Deno.test("A57 A58 A60 A65 sluice mock runs several targets with their faults until Ctrl+C", async () => {
  const args = ["mock", "0", "0", "0"];
  await using sluice = await startSluice({ args, env: { MOCK_DELAY_MS: "1", MOCK_ERROR_CODE: "503" }, ready: [] });
  const urls = await addresses(sluice, 3);
  assert.equal(new Set(urls).size, 3);
  for (const url of urls) {
    const answer = await fetch(`${url}/health`);
    assert.equal(answer.status, 503);
    assert.equal((await answer.json()).server, `mock-${new URL(url).port}`);
    const faults = await (await fetch(`${url}/_mock`)).json();
    assert.deepEqual(faults, { delayMs: 1, errorCode: 503 });
  }
  sluice.signal("SIGINT");
  assert.equal(await sluice.ended(), 0);
});

Deno.test("A65 sluice mock listens on all addresses, and a taken port or a wrong variable is one line", async () => {
  await using sluice = await startSluice({ args: ["mock", "0"], ready: [] });
  const [url] = await addresses(sluice, 1);
  const port = new URL(url!).port;
  assert.equal((await (await fetch(`http://127.0.0.2:${port}/`)).json()).headers.host, `127.0.0.2:${port}`);
  const taken = await runSluice(["mock", port]);
  assert.deepEqual([taken.code, taken.stderr], [1, `Cannot listen on "0.0.0.0:${port}": the port is taken\n`]);
  const wrong = await runSluice(["mock", "0"], { MOCK_DELAY_MS: "soon" });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /^Cannot use "soon" as MOCK_DELAY_MS: .*\n$/);
  assert.equal(await sluice.stop(), 0);
});

Deno.test("A69 D11 D12 D14 the load test of the example runs every level and round and prints one table", async () => {
  await withMock(async (mock) => {
    const levels = ["25", "50", "100", "150", "200", "250"];
    const result = await runSluice(
      [
        "load",
        "--url",
        mock.url,
        "--total",
        "800",
        "--concurrency",
        ...levels,
        "--rounds",
        "2",
        "--timeout",
        "4",
        "--warmup",
        "0",
      ],
    );
    assert.equal(result.code, 0, result.stderr);
    const rows = result.stdout.split("\n").filter((line) => /^\s+\d+ {2}/.test(line));
    assert.deepEqual(rows.map((row) => row.trim().split(/ {2,}/)[0]), levels);
    assert.equal(mock.served, 800 * 2 * levels.length);
    assert.match(result.stdout, new RegExp(`^share at 25: ${mock.name} 100\\.0 % \\(1 600\\)$`, "m"));
  });
});

Deno.test("D13 D15 the load test's JSON has every round and names the first level with errors", async () => {
  await withMock(async (mock) => {
    mock.faults = { errorCode: 503 };
    const result = await runSluice([
      ...["load", "--url", mock.url, "--total", "20", "--concurrency", "2", "4", "--rounds", "2", "--json", "-"],
      ...["--method", "post", "--body", "x", "-H", "X-A: 1", "--rate", "2000"],
    ]);
    assert.equal(result.code, 0, result.stderr);
    const report = JSON.parse(result.stdout);
    assert.deepEqual([report.url, report.method, report.rate, report.firstLevelWithErrors], [
      `${mock.url}/`,
      "POST",
      2000,
      2,
    ]);
    assert.deepEqual(report.levels.map((level: any) => [level.concurrency, level.errors, level.rounds.length]), [
      [2, 40, 2],
      [4, 40, 2],
    ]);
    assert.deepEqual(report.levels[0].rounds[0].statuses, { "503": 20 });
    assert.match(result.stderr, /<- first level with errors/);
  });
});

Deno.test("the plot goes to stdout; a file that may not be written is refused before any request", async () => {
  await withMock(async (mock) => {
    const plotted = await runSluice([
      "load",
      "--url",
      mock.url,
      "--total",
      "20",
      "--concurrency",
      "2,4",
      "--plot",
      "-",
    ]);
    assert.equal(plotted.code, 0, plotted.stderr);
    assert.match(plotted.stdout, /^<svg [^]*<\/svg>\n$/);
    const before = mock.served;
    const refused = await runSluice(["load", "--url", mock.url, "--json", "result.json"]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /^Cannot write "result\.json" \(--json\): .* --json - > result\.json\n$/);
    assert.equal(mock.served, before);
  });
});

Deno.test("Ctrl+C ends a load test with what was measured so far", async () => {
  await withMock(async (mock) => {
    const args = ["load", "--url", mock.url, "--total", "1000000000", "--warmup", "0", "--rate", "500"];
    await using sluice = await startSluice({ args, ready: [] });
    await until(() => mock.served > 50, "some requests");
    sluice.signal("SIGINT");
    assert.equal(await sluice.ended(), 130);
    assert.match(sluice.stdout, /^ +25 /m);
    assert.match(sluice.stdout, /Ended early/);
  });
});

Deno.test("a load test of an address without a listener says so and ends with 1", async () => {
  const gone = await startMockTarget({ port: 0 });
  await gone.shutdown();
  const result = await runSluice(["load", "--url", `http://localhost:${gone.port}/`]);
  assert.equal(result.code, 1);
  assert.match(result.stderr, new RegExp(`^Cannot connect to "localhost:${gone.port}": .*\\n$`));
});

testWithPrograms(["openssl"], "a load test speaks https too", async () => {
  await using dir = await tempDir();
  const [key, cert] = [`${dir.path}/key.pem`, `${dir.path}/cert.pem`];
  const made = await new Deno.Command("openssl", {
    args: [
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert],
      ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=CA:FALSE"],
    ],
    stderr: "piped",
  }).output();
  assert.ok(made.success, new TextDecoder().decode(made.stderr));
  let served = 0;
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    key: await Deno.readTextFile(key),
    cert: await Deno.readTextFile(cert),
    onListen: () => {},
  }, () => {
    served++;
    return Response.json({ server: "secure" });
  });
  try {
    const url = `https://localhost:${server.addr.port}/`;
    const args = ["load", "--url", url, "--total", "30", "--concurrency", "3", "--warmup", "0", "--json", "-"];
    const result = await runSluice(args, { DENO_CERT: cert });
    assert.equal(result.code, 0, result.stderr);
    const [level] = JSON.parse(result.stdout).levels;
    assert.deepEqual([level.ok, level.errors, served], [30, 0, 30], result.stderr);
    assert.deepEqual(level.targets, [{ name: "secure", answers: 30, share: 1 }]);
  } finally {
    await server.shutdown();
  }
});
