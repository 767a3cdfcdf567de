import type { Config } from "../config/model.ts";
import type { ParseResult } from "../config/parse_config.ts";
import type { ControlPlane } from "../control_plane/control_plane.ts";
import { PortTaken } from "../control_plane/ports/listener_port.ts";
import { emitsSpans } from "../forwarding/tracing/emits_spans.ts";
import { Log, type Logger } from "../logging/log.ts";
import { BatchedSink } from "../logging/sink.ts";
import { systemClock } from "../time/clock.ts";
import { withTimeout } from "../time/with_timeout.ts";
import { createBalancer } from "./balancer.ts";
import { adviceOnEvents, tellLaterThreads } from "./event_variables.ts";
import { firstProblems } from "./first_problems.ts";
import { parseSources } from "./parse_sources.ts";
import { hearSignals } from "./process_signals.ts";
import { readCertificates, readTargetTls } from "./read_certificates.ts";
import { readSources, type SourceFlags } from "./sources.ts";
import { complain } from "./terminal.ts";
import { VERSION } from "./version.ts";

/** How long sluice waits at its end for the readers of its log. */
const LAST_LINES_MS = 2000;
/** The same after a second signal. */
const LAST_LINES_AT_ONCE_MS = 200;

/** The flags of `serve`. */
export interface ServeFlags extends SourceFlags {
  /** Starts three built-in mock targets if nothing is configured (`deno task start`). */
  readonly mockWhenUnconfigured?: boolean;
}

/** Runs the balancer until it is told to stop; returns the exit code. */
export async function runServe(flags: ServeFlags): Promise<number> {
  let result = await parseSources(await readSources(flags));
  const mocks = result.config?.door === "nothing" && flags.mockWhenUnconfigured === true
    ? await (await import("./mock_when_unconfigured.ts")).startMockTargets()
    : null;
  // Also decided at each reload: the mock targets serve until there is a configuration.
  const read = async (): Promise<ParseResult> => {
    const sources = await readSources(flags);
    const found = await parseSources(sources);
    if (mocks === null || found.config?.door !== "nothing") return found;
    return parseSources({ ...sources, flags: { ...flags, targets: mocks.list } });
  };
  if (mocks !== null) result = await read();
  if (result.config === null) {
    for (const problem of firstProblems(result.problems, "problem")) complain(problem.message);
    return 2;
  }
  const { config } = result;
  const eventAdvice = adviceOnEvents(config.listener, (name) => Deno.env.get(name));
  tellLaterThreads();
  const logSink = new BatchedSink(Deno.stderr);
  const accessSink = new BatchedSink(Deno.stdout);
  const log = new Log(logSink, { level: config.logging.level, json: wantsJson(config, Deno.stderr) });
  const { certificates, problems } = await readCertificates(config, log);
  const targetTls = await readTargetTls(config);
  if (problems.length + targetTls.problems.length > 0) {
    for (const problem of [...problems, ...targetTls.problems]) complain(problem);
    return 2;
  }
  const plane = createBalancer({
    config,
    certificates,
    targetTls: targetTls.texts,
    settings: result.settings,
    log,
    accessLog: accessSink,
    json: wantsJson(config, Deno.stdout),
  });
  surviveRejections(log);
  // If a reader has stopped reading (a stuck pipe), lines are lost, but the process still ends.
  const flushWithin = async (ms: number) => {
    using timeout = withTimeout(systemClock, ms);
    await timeout.race(Promise.all([logSink.flush(), accessSink.flush()]));
  };
  const endAtOnce = () => {
    const open = plane.openRequests;
    log.warn("stopped_at_once", `Stopped at once by a second signal: ${open} open requests are cut`, { open });
    flushWithin(LAST_LINES_AT_ONCE_MS).finally(() => Deno.exit(1));
  };
  const signals = hearSignals({ log, clock: systemClock, endAtOnce });
  try {
    announce(result, config, log);
    if (eventAdvice !== null) log.warn("event_batch_unset", eventAdvice);
    const started = plane.start().then(() => true);
    if (!await Promise.race([started, signals.stop.then(() => false)])) {
      started.catch(() => {});
      await plane.abandon();
      log.info("stopped", "Stopped before the start was complete");
      return 0;
    }
    if (config.door === "nothing") tellHowToConfigure(log);
    if (mocks !== null) tellOfMocks(log, plane, mocks.list);
    signals.onHangup(() =>
      reload(read, plane, log).catch((error) => {
        plane.reloadRefused([`Cannot reload: ${error}`]);
        throw error;
      })
    );
    await signals.stop;
    await plane.stop();
    return 0;
  } catch (error) {
    if (!(error instanceof PortTaken)) throw error;
    complain(error.message);
    await plane.abandon();
    return 1;
  } finally {
    await mocks?.shutdown();
    await flushWithin(LAST_LINES_MS);
  }
}

function wantsJson(config: Config, stream: { isTerminal(): boolean }): boolean {
  return config.logging.format === "json" || (config.logging.format === "auto" && !stream.isTerminal());
}

function announce(result: ParseResult, config: Config, log: Logger): void {
  log.info("starting", `Starting sluice ${VERSION}`, {
    version: VERSION,
    door: config.door,
    algorithm: config.groups.map(({ algorithm }) => algorithm).join(","),
    targets: config.groups.flatMap(({ entries }) => entries.map(({ host, port }) => `${host}:${port}`)).slice(0, 20),
  });
  warn(result, log);
  if (Deno.env.get("OTEL_DENO") === "true" && !emitsSpans()) {
    log.warn(
      "otel_not_compiled_in",
      "OTEL_DENO has no effect: this program was compiled without OpenTelemetry (deno task compile --otel includes it)",
    );
  }
}

function warn({ warnings }: ParseResult, log: Logger): void {
  for (const { message, subject } of firstProblems(warnings, "warning")) {
    log.warn("config_warning", message, { subject });
  }
}

function tellHowToConfigure(log: Logger): void {
  log.warn(
    "nothing_configured",
    "Nothing is configured, so sluice answers every request with 404: set BACKEND_SERVERS=http://host:port,... or " +
      "TARGET_GROUP_1_NAME, TARGET_GROUP_1_TARGETS, LISTENER_RULE_1_PATH_PREFIX and LISTENER_RULE_1_TARGET_GROUP " +
      "in the environment or in ./.env (sluice --help)",
  );
}

function tellOfMocks(log: Logger, plane: ControlPlane, list: string): void {
  log.warn(
    "mock_targets",
    `Nothing is configured, so three built-in mock targets respond (${list}). Try: curl ${plane.listenerUrl}/hello` +
      (plane.adminUrl === null ? "" : `, look at ${plane.adminUrl}`) +
      ", then set BACKEND_SERVERS or TARGET_GROUP_1_* in ./.env (docs/configuration.md)",
  );
}

/** Reads everything again; a valid configuration is swapped in, an invalid one is reported and changes nothing. */
async function reload(read: () => Promise<ParseResult>, plane: ControlPlane, log: Log): Promise<void> {
  const result = await read();
  if (result.config === null) {
    for (const { message, subject } of firstProblems(result.problems, "problem")) {
      log.error("reload_problem", message, { subject });
    }
    log.error("reload_refused", "The new configuration has problems, so the old one stays in use", {
      problems: result.problems.length,
    });
    return plane.reloadRefused(result.problems.map(({ message }) => message));
  }
  // The file was probably read while it was being written: an empty file is valid, but would drop every rule.
  if (result.config.door === "nothing" && plane.responses.view().rules.length > 0) {
    const message = "The new configuration is empty, so the old one stays in use";
    log.error("reload_refused", message, { problems: 0 });
    return plane.reloadRefused([message]);
  }
  const { texts, problems } = await readTargetTls(result.config);
  if (problems.length > 0) {
    for (const problem of problems) log.error("reload_problem", problem);
    log.error("reload_refused", "Files of the new configuration can't be used, so the old one stays in use", {
      problems: problems.length,
    });
    return plane.reloadRefused(problems);
  }
  warn(result, log);
  // Before the line that says what changed, so that it is written if the new level wants it.
  log.setLevel(result.config.logging.level);
  plane.reload({ config: result.config, settings: result.settings, targetTls: texts });
}

/**
 * If a promise fails and no code handles it, this concerns one request or probe: log it and keep the process running.
 */
function surviveRejections(log: Logger): void {
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    const error = event.reason instanceof Error ? event.reason.stack : String(event.reason);
    log.error("internal_error", "Something failed inside sluice", { error });
  });
}
