import { quote } from "../logging/shown_text.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { withTimeout } from "../time/with_timeout.ts";
import type { Exchange, LoadRequest } from "../tools/exchange.ts";
import { FetchExchange } from "../tools/fetch_exchange.ts";
import { plotSvg } from "../tools/load_plot.ts";
import { formatTable } from "../tools/load_table.ts";
import { type LoadPlan, type LoadReport, runLoadTest } from "../tools/load_test.ts";
import { progressLine } from "../tools/progress_line.ts";
import { requestBytes, type SocketAddress, SocketExchange } from "../tools/socket_exchange.ts";
import { type LoadFlags, parseLoadFlags } from "./load_flags.ts";
import { openOutput, type OutputFile } from "./output_file.ts";
import { listenForStop } from "./stop_signal.ts";
import { complain, draw, print } from "./terminal.ts";
import { messageOf } from "../logging/message_of.ts";

/** Exit code after Ctrl+C, as shells count it (128 + SIGINT). */
const INTERRUPTED = 130;

/**
 * Runs a load test as the flags say and prints the table (on stderr if JSON or the plot goes to stdout). Returns the
 * exit code: 0 also with errors, which are a result; 1 if the target can't be reached; 2 for flags that are wrong; 130
 * for Ctrl+C.
 */
export async function runLoad(flags: LoadFlags, clock: Clock = systemClock): Promise<number> {
  const order = parseLoadFlags(flags);
  if ("problems" in order) return refuse(order.problems);
  const outputs = await openOutputs(flags);
  if ("problems" in outputs) return refuse(outputs.problems);
  try {
    const { plan, request } = order;
    const openExchange = await chooseExchange(request, plan.timeoutMs, clock);
    if (typeof openExchange === "string") return refuse([openExchange], 1);
    const startedAt = new Date(clock.wallMs()).toISOString();
    const report = await runUntilSignal(plan, openExchange, clock);
    const stdoutIsTaken = flags.json === "-" || flags.plot === "-";
    const head = `${describe(plan, request)}\n\n`;
    print(head + formatTable(report), stdoutIsTaken ? "stderr" : "stdout");
    await outputs.json?.write(JSON.stringify({ ...facts(plan, request), startedAt, ...report }, null, 2) + "\n");
    await outputs.plot?.write(plotSvg(report, {
      title: `Load test of ${request.url.href}`,
      subtitle: `${startedAt.slice(0, 16).replace("T", " ")} UTC: ${describePlan(plan, request)}`,
    }));
    return report.interrupted ? INTERRUPTED : 0;
  } finally {
    outputs.json?.close();
    outputs.plot?.close();
  }
}

function refuse(problems: readonly string[], code = 2): number {
  for (const problem of problems) complain(problem);
  return code;
}

async function openOutputs(
  flags: LoadFlags,
): Promise<{ json?: OutputFile; plot?: OutputFile } | { problems: readonly string[] }> {
  const outputs: { json?: OutputFile; plot?: OutputFile } = {};
  const problems: string[] = [];
  for (const name of ["json", "plot"] as const) {
    const path = flags[name];
    if (path === undefined) continue;
    const opened = await openOutput(path, `--${name}`);
    if ("problem" in opened) problems.push(opened.problem);
    else outputs[name] = opened;
  }
  if (problems.length === 0) return outputs;
  outputs.json?.close();
  outputs.plot?.close();
  return { problems };
}

/** Returns how to make exchanges, or a sentence on why the target can't be reached. */
async function chooseExchange(
  request: LoadRequest,
  timeoutMs: number,
  clock: Clock,
): Promise<(() => Exchange) | string> {
  if (request.url.protocol === "https:") return () => new FetchExchange(request);
  const hostname = request.url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(request.url.port) || 80;
  // The system may give one family's address only, and a server on localhost often listens on the other's.
  const candidates = hostname === "localhost" ? ["127.0.0.1", "::1"] : [hostname];
  let why = "";
  for (const candidate of candidates) {
    const found = await findAddress({ hostname: candidate, port }, timeoutMs, clock);
    if (typeof found !== "string") {
      const bytes = requestBytes(request);
      return () => new SocketExchange(found, request, bytes);
    }
    why ||= found;
  }
  return `Cannot connect to ${quote(request.url.host)}: ${why}`;
}

async function findAddress(address: SocketAddress, timeoutMs: number, clock: Clock): Promise<SocketAddress | string> {
  using timeout = withTimeout(clock, timeoutMs);
  const connecting = Deno.connect(address).then((connection) => {
    const hostname = connection.remoteAddr.hostname;
    connection.close();
    return { hostname, port: address.port };
  });
  try {
    return await timeout.race(connecting) ?? `No answer within ${timeoutMs / 1000} s`;
  } catch (error) {
    return messageOf(error);
  }
}

/** The first SIGINT or SIGTERM ends the test with what it has; a second one ends the process, as usual. */
async function runUntilSignal(plan: LoadPlan, openExchange: () => Exchange, clock: Clock): Promise<LoadReport> {
  using stop = listenForStop();
  const bar = Deno.stderr.isTerminal() ? (line: string) => draw(line, Deno.stderr) : null;
  try {
    return await runLoadTest(plan, {
      openExchange,
      signal: stop.aborted,
      clock,
      onProgress: bar === null ? undefined : (progress) => bar(`\r${progressLine(progress, plan.total)}\x1b[K`),
    });
  } finally {
    bar?.("\r\x1b[K");
  }
}

function describe(plan: LoadPlan, request: LoadRequest): string {
  return `${request.method} ${request.url.href}: ${describePlan(plan, request)}`;
}

function describePlan(plan: LoadPlan, request: LoadRequest): string {
  return [
    `${plan.total} requests a level and round`,
    `${plan.rounds} ${plan.rounds === 1 ? "round" : "rounds"}`,
    request.fresh ? "a new connection each" : "keep-alive",
    ...(plan.rate === null ? [] : [`${plan.rate} a second`]),
    `timeout ${plan.timeoutMs / 1000} s`,
  ].join(", ");
}

/** What a reader of the JSON needs to repeat the test. */
function facts(plan: LoadPlan, request: LoadRequest): Record<string, unknown> {
  return {
    url: request.url.href,
    method: request.method,
    total: plan.total,
    concurrency: plan.concurrency,
    roundsPerLevel: plan.rounds,
    timeoutSeconds: plan.timeoutMs / 1000,
    rate: plan.rate,
    warmup: plan.warmup,
    fresh: request.fresh,
  };
}
