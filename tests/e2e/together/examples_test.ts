/** Every directory of examples/, as it stands but for the ports, through the real program. */
import assert from "node:assert/strict";
import { type MockTarget, startMockTarget } from "../../../src/tools/mock_target.ts";
import { freePort } from "../../support/free_port.ts";
import { missingOf, testWithPrograms } from "../../support/have_program.ts";
import { LineCollector } from "../../support/line_collector.ts";
import { until, within } from "../../support/poll.ts";
import { PROJECT_ROOT, sluiceEnvironment } from "../../support/sluice_program.ts";
import { type SluiceProcess, startSluice } from "../../support/sluice_process.ts";
import { tempDir } from "../../support/temp_dir.ts";

const EXAMPLES = `${PROJECT_ROOT}examples`;
const PORTS = [8081, 8082, 8083];

/** An example that runs: sluice, and its targets by the port that stands in the example. */
interface Running {
  readonly sluice: SluiceProcess;
  readonly targets: ReadonlyMap<number, MockTarget>;
  /** Asks `times` times on fresh connections and gives, in order, who answered, by the example's port. */
  servers(path: string, times?: number): Promise<number[]>;
}

/** Copies an example with other ports. */
async function copyExample(name: string, to: string, ports: ReadonlyMap<number, number>): Promise<void> {
  for (const { name: file } of Deno.readDirSync(`${EXAMPLES}/${name}`)) {
    let text = await Deno.readTextFile(`${EXAMPLES}/${name}/${file}`);
    for (const [from, port] of ports) text = text.replaceAll(String(from), String(port));
    await Deno.writeTextFile(`${to}/${file}`, text);
  }
}

const covered: string[] = [];

function exampleTest(title: string, name: string, run: (example: Running) => Promise<void>): void {
  covered.push(name);
  Deno.test(`example ${name}: ${title}`, async () => {
    await using dir = await tempDir();
    const mocks = await Promise.all(PORTS.map(() => startMockTarget({ port: 0 })));
    const targets = new Map(PORTS.map((port, i) => [port, mocks[i]!]));
    try {
      await copyExample(name, dir.path, new Map(PORTS.map((port, i) => [port, mocks[i]!.port])));
      const args = name === "servers-file" ? ["--config", "servers.json", "--interval", "1"] : [];
      await using sluice = await startSluice({ cwd: dir.path, args });
      const portOf = new Map(PORTS.map((port, i) => [mocks[i]!.name, port]));
      await run({
        sluice,
        targets,
        async servers(path, times = 1) {
          const seen: number[] = [];
          for (let i = 0; i < times; i++) seen.push(portOf.get((await answer(sluice.url + path)).server)!);
          return seen;
        },
      });
    } finally {
      await Promise.all(mocks.map((mock) => mock.shutdown()));
    }
  });
}

// deno-lint-ignore no-explicit-any
async function answer(url: string, headers: Record<string, string> = {}): Promise<any> {
  const response = await fetch(url, { headers });
  assert.equal(response.status, 200, url);
  return { ...await response.json(), cookie: response.headers.get("set-cookie") };
}

function count(seen: readonly number[]): number[] {
  return PORTS.map((port) => seen.filter((each) => each === port).length);
}

exampleTest(
  "A18: everything reaches the one target, path and query as they were sent",
  "single-target",
  async (example) => {
    const { server, path, query } = await answer(`${example.sluice.url}/hello?name=world`);
    assert.deepEqual([server, path, query], [example.targets.get(8081)!.name, "/hello", "name=world"]);
  },
);

exampleTest(
  "A45, A66: six times /test by all three in turn, /api by one, /web by another",
  "paths",
  async (example) => {
    assert.deepEqual(count(await example.servers("/test", 6)), [2, 2, 2]);
    assert.deepEqual(await example.servers("/api/users"), [8081]);
    assert.deepEqual(await example.servers("/web/dashboard"), [8082]);
    assert.deepEqual(count(await example.servers("/apix", 3)), [1, 1, 1]);
  },
);

exampleTest("A46: the prefix goes, the base comes, what matches nothing is 404", "rewriting", async ({ sluice }) => {
  const { path, query } = await answer(`${sluice.url}/my/listener/resource?x=1`);
  assert.deepEqual([path, query], ["/v1/resource", "x=1"]);
  const lost = await fetch(`${sluice.url}/elsewhere`);
  assert.deepEqual([lost.status, await lost.text()], [404, ""]);
});

exampleTest(
  "a tenth goes to the canary, testers ask for it, and rules redirect and respond",
  "canary",
  async (example) => {
    const { url } = example.sluice;
    assert.deepEqual(count(await example.servers("/", 20)), [9, 9, 2]);
    assert.equal((await answer(url, { "X-Canary": "1" })).server, example.targets.get(8083)!.name);
    const moved = await fetch(`${url}/old/page`, { redirect: "manual" });
    await moved.body?.cancel();
    assert.deepEqual([moved.status, moved.headers.get("location")], [301, "/new?from=old/page"]);
    const down = await fetch(`${url}/reports/2026.pdf`);
    assert.deepEqual([down.status, await down.text()], [503, "Reports are back soon"]);
  },
);

exampleTest("A22: of 80 requests 10, 20 and 50", "weights", async (example) => {
  assert.deepEqual(count(await example.servers("/", 80)), [10, 20, 50]);
});

exampleTest("A8: a slow target is asked now and then, and no more", "least-response-time", async (example) => {
  example.targets.get(8081)!.faults = { delayMs: 100 };
  const [slow, ...others] = count(await example.servers("/", 20));
  assert.ok(slow! <= 3 && others.every((n) => n > 0), JSON.stringify([slow, ...others]));
});

exampleTest("a client with its cookie stays, clients without one go around", "sticky", async (example) => {
  const first = await answer(example.sluice.url);
  const cookie = first.cookie.split(";")[0];
  for (let i = 0; i < 4; i++) assert.equal((await answer(example.sluice.url, { cookie })).server, first.server);
  assert.deepEqual(count(await example.servers("/", 3)), [1, 1, 1]);
});

exampleTest("A33, A60: targets are probed and healthy, and all three serve", "health-checks", async (example) => {
  await until(
    async () => (await example.sluice.stats()).groups[0]!.targets.every(({ state }) => state === "healthy"),
    "every target to be healthy",
  );
  assert.ok([...example.targets.values()].every((mock) => mock.probes > 0));
  assert.deepEqual(count(await example.servers("/", 6)), [2, 2, 2]);
});

exampleTest("C2, C18, C24: three backends by one variable, and /lb/stats", "backend-list", async (example) => {
  assert.deepEqual(count(await example.servers("/", 6)), [2, 2, 2]);
  const stats = await (await fetch(`${example.sluice.url}/lb/stats`)).json();
  assert.equal(stats.groups[0].targets.length, 3);
});

exampleTest("E5, E15, E16, E17: a server that stops is out, and back when it is", "servers-file", async (example) => {
  assert.deepEqual(count(await example.servers("/", 6)), [2, 2, 2]);
  const third = example.targets.get(8083)!;
  third.faults = { errorCode: 500 };
  const turned = (to: string) =>
    example.sluice.waitForEvent(
      (e) =>
        e.event === "target_state" && e.to === to && e.from !== "initial" &&
        String(e.target).endsWith(`:${third.port}`),
      `${third.name} ${to}`,
    );
  await turned("unhealthy");
  assert.deepEqual(count(await example.servers("/", 4)), [2, 2, 0]);
  third.faults = {};
  await turned("healthy");
  assert.deepEqual(count(await example.servers("/", 6)), [2, 2, 2]);
});

covered.push("prometheus");
Deno.test({
  name: "example prometheus: it serves under /prometheus through sluice, and scrapes sluice",
  ignore: missingOf("prometheus").length > 0,
  async fn() {
    await using dir = await tempDir();
    const port = freePort();
    await copyExample("prometheus", dir.path, new Map([[9090, port]]));
    await using sluice = await startSluice({ cwd: dir.path });
    const config = await Deno.readTextFile(`${dir.path}/prometheus.yml`);
    await Deno.writeTextFile(
      `${dir.path}/prometheus.yml`,
      config.replace("127.0.0.1:9901", new URL(sluice.adminUrl).host),
    );
    const prometheus = new Deno.Command("prometheus", {
      args: [
        `--config.file=${dir.path}/prometheus.yml`,
        `--web.listen-address=127.0.0.1:${port}`,
        `--web.external-url=${sluice.url}/prometheus`,
        `--storage.tsdb.path=${dir.path}/data`,
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const stderr = new LineCollector(prometheus.stderr);
    try {
      const asked = `${sluice.url}/prometheus/api/v1/query?query=sluice_requests_received_total`;
      await until(
        async () => {
          const response = await fetch(asked);
          if (response.status !== 200) return await response.body?.cancel(), false;
          return (await response.json()).data.result.length > 0;
        },
        () => `Prometheus to have scraped sluice: ${stderr.text}`,
        { patienceMs: 60_000 },
      );
      const page = await fetch(`${sluice.url}/prometheus`);
      assert.equal(page.status, 200);
      assert.ok(page.url.startsWith(`${sluice.url}/prometheus/`), page.url);
      assert.match(await page.text(), /<title>Prometheus/);
    } finally {
      prometheus.kill("SIGTERM");
      await prometheus.status;
      await stderr.ended;
    }
  },
});

Deno.test("every example is run by a test and has its page in the list", () => {
  const names = [...Deno.readDirSync(EXAMPLES)].filter(({ isDirectory }) => isDirectory).map(({ name }) => name).sort();
  assert.deepEqual([...covered].sort(), names);
  const list = Deno.readTextFileSync(`${EXAMPLES}/README.md`);
  for (const name of names) assert.ok(list.includes(`(${name}/README.md)`), name);
});

testWithPrograms(
  ["bash", "curl"],
  "A65, A66, A67, A68, B3, B4: one script starts all, asks, says who answered, and cleans up",
  async () => {
    await using dir = await tempDir();
    const ports = new Map(PORTS.map((port) => [port, freePort()]));
    await copyExample("paths", dir.path, ports);
    const [port, adminPort] = [freePort(), freePort()];
    const child = new Deno.Command(`${PROJECT_ROOT}tests/test_load_balancer.sh`, {
      args: [dir.path],
      clearEnv: true,
      env: sluiceEnvironment({
        MOCK_PORTS: [...ports.values()].join(" "),
        SLUICE: Deno.env.get("SLUICE_PROGRAM"),
        SLUICE_URL: `http://127.0.0.1:${port}`,
        LISTENER_HOST: "127.0.0.1",
        LISTENER_PORT: String(port),
        ADMIN_PORT: String(adminPort),
        LISTENER_WORKERS: "1",
      }),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const stdout = new LineCollector(child.stdout);
    const stderr = new LineCollector(child.stderr);
    const { code } = await within(child.status, "the script to end by itself", 60_000);
    await Promise.all([stdout.ended, stderr.ended]);
    assert.equal(code, 0, stdout.text + stderr.text);
    const lines = stdout.lines.filter((line) => /^\/(test|api|web)/.test(line));
    const by = (from: number) => `200 "server": "mock-${ports.get(from)}"`;
    assert.deepEqual(lines.slice(6), [`/api/users ${by(8081)}`, `/web/dashboard ${by(8082)}`]);
    assert.deepEqual(
      lines.slice(0, 6).sort(),
      [8081, 8082, 8083].flatMap((p) => [`/test ${by(p)}`, `/test ${by(p)}`]).sort(),
    );
    for (const used of [port, adminPort, ...ports.values()]) {
      await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port: used }), Deno.errors.ConnectionRefused);
    }
  },
);
