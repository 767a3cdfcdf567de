/**
 * Runs all end-to-end suites with each engine and each transport: `deno task test:matrix`. What a combination can't do
 * on purpose is listed here, with its reason; within a suite `WIRE_ENGINE` (tests/support/engine.ts) says where the
 * engines differ.
 */

interface Exemption {
  readonly suites: RegExp;
  readonly engine?: "serve" | "wire";
  readonly transport?: "wire" | "fetch";
  readonly reason: string;
}

const EXEMPT: readonly Exemption[] = [
  {
    suites: /^(?:websocket_(?:test|connections|flood|backpressure|close|tunnel))/,
    engine: "wire",
    reason: "WebSocket message by message is serve's; wire_websocket_test.ts has what wire does",
  },
  {
    suites: /^(?:telemetry|client_spans)/,
    engine: "wire",
    reason: "OpenTelemetry's spans are serve's",
  },
  {
    suites: /^stats/,
    engine: "wire",
    transport: "fetch",
    reason: "fetch refuses a body on GET only when it is asked to send it: that counts as an attempt",
  },
  {
    suites: /^operator_commands/,
    transport: "fetch",
    reason: "it reads what the commands say of the transport wire",
  },
  {
    suites: /^(?:wire_(?:engine|connection|websocket|fuzz)|smuggling|slow_clients)/,
    transport: "fetch",
    reason: "they set engine and transport themselves, and run with the other transport",
  },
  {
    suites: /^(?:wire_(?:engine|connection|websocket|fuzz)|smuggling|slow_clients)/,
    engine: "serve",
    reason: "they set engine and transport themselves, and run with the other engine",
  },
];

const COMBINATIONS = [
  ["serve", "wire"],
  ["serve", "fetch"],
  ["wire", "wire"],
  ["wire", "fetch"],
] as const;

const only = Deno.args;
const files = ["tests/e2e", "tests/e2e/together"]
  .flatMap((folder) => [...Deno.readDirSync(folder)].map(({ name }) => ({ folder, name })))
  .filter(({ name }) => name.endsWith("_test.ts"));
const failed: string[] = [];

for (const [engine, transport] of COMBINATIONS) {
  if (only.length > 0 && !only.includes(`${engine}+${transport}`)) continue;
  console.log(`\nLISTENER_ENGINE=${engine} UPSTREAM_TRANSPORT=${transport}`);
  for (const { folder, name: file } of files) {
    const exemption = EXEMPT.find((each) =>
      each.suites.test(file) && (each.engine ?? engine) === engine && (each.transport ?? transport) === transport
    );
    if (exemption !== undefined) {
      console.log(`  ${file}: left out: ${exemption.reason}`);
      continue;
    }
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "--no-check", "--allow-all", "--sanitize-ops", "--sanitize-resources", `${folder}/${file}`],
      env: { LISTENER_ENGINE: engine, UPSTREAM_TRANSPORT: transport, NO_COLOR: "1" },
      stderr: "inherit",
    }).output();
    const text = new TextDecoder().decode(stdout);
    console.log(`  ${file}: ${/^(?:ok|FAILED) \|.*$/m.exec(text)?.[0] ?? "no result"}`);
    if (code === 0) continue;
    failed.push(`${engine} + ${transport}: ${file}`);
    console.log(text.slice(text.indexOf(" ERRORS ")));
  }
}

console.log(failed.length === 0 ? "\nEverything passed." : `\nFailed:\n${failed.join("\n")}`);
Deno.exit(failed.length === 0 ? 0 : 1);
