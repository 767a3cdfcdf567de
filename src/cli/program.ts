import { Command, Option } from "commander";
import { quote } from "../logging/shown_text.ts";
import { systemClock } from "../time/clock.ts";
import type { DemoFlags } from "./demo.ts";
import type { ExplainFlags } from "./explain.ts";
import type { LoadFlags } from "./load_flags.ts";
import { LOAD_DEFAULTS } from "./load_flags.ts";
import { parseSources } from "./parse_sources.ts";
import type { ServeFlags } from "./serve.ts";
import type { StatusFlags } from "./status.ts";
import { readSources, type SourceFlags } from "./sources.ts";
import { complain, print } from "./terminal.ts";
import { unknownCommand } from "./unknown_command.ts";
import { VERSION } from "./version.ts";

/**
 * Runs the command that the arguments name; returns the exit code. Each command loads its own code when it is asked
 * for: a server does not load the load tester, and a health check every few seconds does not load the server.
 */
export async function runProgram(args: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Command("sluice")
    .description("HTTP proxy and load balancer, configured by environment variables")
    .version(`sluice ${VERSION}`, "-V, --version", "print the version")
    .configureOutput({
      writeOut: (text) => print(text),
      writeErr: (text) => print(text, "stderr"),
      // Its one line and a guess of its own; whatever the words held stays in that line.
      outputError: (text) => complain(text.trimEnd().replace(/\n(\(Did you mean [^\n]*\))$/, " $1")),
    })
    .exitOverride((error) => {
      // 2 for words that make no sense, as for a configuration that makes none; help and version are no errors.
      code = error.exitCode === 0 ? 0 : 2;
      throw error;
    });

  withSourceFlags(program.command("serve", { isDefault: true }).description("balance requests (the default command)"))
    .addOption(new Option("--mock-when-unconfigured", "start built-in mock targets if nothing is configured"))
    .allowExcessArguments()
    .action(async (flags: ServeFlags, serve: Command) => {
      if (serve.args.length > 0) {
        complain(unknownCommand(serve.args[0], commands) ?? `Write the command first: sluice ${serve.args[0]}`);
        code = 2;
        return;
      }
      const { runServe } = await import("./serve.ts");
      code = await runServe(flags);
    });

  withSourceFlags(
    program.command("check").description("print the configuration in effect, its mistakes and what is unusual"),
  )
    .option("--json", "print JSON")
    .option("--strict", "treat warnings as errors")
    .option("--probe", "resolve and probe every target once, even if health checks are off")
    .action(async (flags: SourceFlags & { json?: boolean; strict?: boolean; probe?: boolean }) => {
      const { withCertificates } = await import("./certificate_report.ts");
      const parsed = await parseSources(await readSources(flags));
      const { result, certificates, targetTls } = await withCertificates(parsed, systemClock);
      const { probeTargets } = await import("./probe_targets.ts");
      const probes = flags.probe === true && result.config !== null
        ? await probeTargets(result.config, { clock: systemClock, tls: targetTls })
        : undefined;
      const { runCheck } = await import("./check.ts");
      const { adviceOnEvents } = await import("./event_variables.ts");
      const { adviceForApplications } = await import("./application_advice.ts");
      const notes = result.config === null ? [] : [
        adviceOnEvents(result.config.listener, (name) => Deno.env.get(name)),
        adviceForApplications(result.config),
      ].filter((note) => note !== null);
      const { text, exitCode } = runCheck(result, { ...flags, probes, notes, certificates });
      print(text);
      code = exitCode;
    });

  withSourceFlags(
    program.command("explain").description("show which rule and target a request would get, and why")
      .argument("<method>", "request method")
      .argument("<url>", "a path, or an absolute http URL"),
  )
    .option(
      "-H, --header <header>",
      'a request header, "Name: value"; any number of times',
      (line: string, before: string[] = []) => [...before, line],
    )
    .option("--client-ip <address>", "the address that the connection comes from (default: 127.0.0.1)")
    .option("--live", "ask the running sluice, which knows health and load")
    .option("--admin <url>", "its admin listener (default: ADMIN_HOST and ADMIN_PORT); implies --live")
    .option("--json", "print JSON")
    .action(async (method: string, url: string, flags: SourceFlags & ExplainFlags) => {
      const result = await parseSources(await readSources(flags));
      const { runExplain } = await import("./explain.ts");
      const { stdout, stderr, exitCode } = await runExplain({ method, url, result }, flags, systemClock);
      if (stderr !== "") print(stderr, "stderr");
      if (stdout !== "") print(stdout);
      code = exitCode;
    });

  withSourceFlags(program.command("status").description("show the groups and targets of the running sluice"))
    .option("--watch", "repeat every second until Ctrl+C")
    .option("--admin <url>", "its admin listener (default: ADMIN_HOST and ADMIN_PORT)")
    .option("--json", "print the statistics as JSON; with --watch, one line every second")
    .action(async (flags: SourceFlags & StatusFlags) => {
      const { runStatus } = await import("./status.ts");
      code = await runStatus(await parseSources(await readSources(flags)), flags, systemClock);
    });

  withSourceFlags(
    program.command("healthcheck").description("exit with 0 if the local sluice is ready for traffic, else with 1"),
  )
    .action(async (flags: SourceFlags) => {
      const { runHealthcheck } = await import("./healthcheck.ts");
      const { line, exitCode } = await runHealthcheck(await parseSources(await readSources(flags)), systemClock);
      if (line !== null) complain(line);
      code = exitCode;
    });

  program.command("demo").description(
    "show everything: mock targets, traffic, the dashboard, and a target that fails and recovers",
  )
    .option("--once", "end when the target has recovered")
    .option("--duration <time>", "end after this long (a bare number is seconds)")
    .action(async (flags: DemoFlags) => {
      const { runDemo } = await import("./demo.ts");
      code = await runDemo(flags);
    });

  program.command("mock").description("run mock targets that respond with JSON about themselves and the request")
    .argument(
      "<port...>",
      "ports to listen on; 0 takes a free one",
      (text: string, before: string[] = []) => [...before, text],
    )
    .option("--host <address>", "address to listen on (default 0.0.0.0)")
    .action(async (ports: string[], flags: { host?: string }) => {
      const { runMock } = await import("./mock.ts");
      const wrong = ports.find((port) => !/^\d{1,5}$/.test(port) || Number(port) > 65535);
      if (wrong !== undefined) {
        complain(`Cannot listen on port ${quote(wrong)}: it must be 0 to 65535`);
        code = 2;
      } else code = await runMock(ports.map(Number), Deno.env.toObject(), flags.host);
    });

  program.command("load").description("measure a server under load")
    .option("--url <url>", "the URL to request")
    .option("--total <n>", `requests per round and level (default ${LOAD_DEFAULTS.total})`)
    .option("--concurrency <n...>", `levels, one after the other (default ${LOAD_DEFAULTS.concurrency.join(" ")})`)
    .option("--rounds <n>", `rounds per level (default ${LOAD_DEFAULTS.rounds})`)
    .option("--timeout <seconds>", `longest wait for a response (default ${LOAD_DEFAULTS.timeout})`)
    .option("--rate <n>", "requests per second, however long the responses take (open loop)")
    .option("--warmup <n>", "uncounted requests before each level")
    .option("--fresh", "a new connection for each request")
    .option("--method <method>", "request method")
    .option("-H, --header <header...>", 'a request header, "Name: value"')
    .option("--body <text>", "request body")
    .option("--json <file>", "write the result as JSON (-: stdout)")
    .option("--plot <file>", "write an SVG (-: stdout)")
    .action(async (flags: LoadFlags) => {
      const { runLoad } = await import("./load.ts");
      code = await runLoad(flags);
    });

  program.command("import").description("write the .env file for another system's configuration")
    .argument("<kind>", "alb, caddy, haproxy, nginx or traefik")
    .argument("<file...>", "its configuration; - reads standard input")
    .addHelpText(
      "after",
      `
Exit codes: 0 all was carried over, 3 something was left out (comments in the result say what), 1 the input can't be
read, 2 an unknown kind.`,
    )
    .action(async (kind: string, files: string[]) => {
      const { runImport } = await import("./import.ts");
      const { stdout, stderr, exitCode } = await runImport(kind, files);
      if (stdout !== "") print(stdout);
      stderr.forEach(complain);
      code = exitCode;
    });

  program.command("version").description("print the version").action(() => print(`sluice ${VERSION}`));

  const commands = [...program.commands.map((command) => command.name()), "help"];
  const unknown = unknownCommand(args[0] === "help" ? args[1] : args[0], commands);
  if (unknown !== null) {
    complain(unknown);
    return 2;
  }
  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    // Commander has said what was wrong; anything else is ours.
    if (!(error instanceof Error) || error.name !== "CommanderError") {
      complain(ownFailure(error));
      code = 1;
    }
  }
  return code;
}

/** Says in one line that this program has a fault, and where; a stack would not help the user. */
function ownFailure(error: unknown): string {
  const where = error instanceof Error ? /[\w/]+\.ts:\d+:\d+/.exec(error.stack ?? "")?.[0] : undefined;
  return `Something failed inside sluice: ${error}${where === undefined ? "" : ` (${where})`}; please report this line`;
}

function withSourceFlags(command: Command): Command {
  return command
    .option("--host <address>", "LISTENER_HOST")
    .option("--port <port>", "LISTENER_PORT")
    .option("--targets <list>", "BACKEND_SERVERS: http://a:1,http://b:2")
    .option("--algorithm <name>", "LOAD_BALANCING_ALGORITHM")
    .option("--config <file>", "a servers file (JSON)")
    .option("--interval <seconds>", "time between health checks")
    .option("--env-file <file>", "read variables from this file instead of ./.env");
}
