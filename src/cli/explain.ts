import { parseExplainQuery } from "../admin/explain_query.ts";
import type { Config } from "../config/model.ts";
import type { ParseResult } from "../config/parse_config.ts";
import { withSecret } from "../control_plane/membership/rule_slots.ts";
import { TargetRegistry } from "../control_plane/membership/target_registry.ts";
import { explain } from "../data_plane/explain/explain.ts";
import { shown } from "../logging/shown_text.ts";
import type { LogFields, Logger } from "../logging/log.ts";
import type { ExplainBasis, ExplainRequest, Explanation } from "../views/explanation.ts";
import { TargetTable } from "../state/target_table.ts";
import { type Clock } from "../time/clock.ts";
import { adminEndpoint, AdminUnreachable, askAdminJson } from "./admin_endpoint.ts";
import { explainText } from "./explain_text.ts";
import { firstProblems } from "./first_problems.ts";

/** The flags of `explain`, beside those of the sources. */
export interface ExplainFlags {
  /** `-H "Name: value"`, any number of times. */
  readonly header?: readonly string[];
  /** `--client-ip ADDRESS`: whose connection it is. */
  readonly clientIp?: string;
  readonly json?: boolean;
  /** Ask the running one. */
  readonly live?: boolean;
  /** `--admin URL`: where the running one's admin listener is. */
  readonly admin?: string;
}

/** What `explain` prints. */
export interface ExplainResult {
  readonly exitCode: 0 | 1 | 2;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Explains what sluice would do with a request: from the configuration (names are resolved, but no target is probed or
 * sent anything), or with `--live` from the running sluice, which knows health and load. Both run the code that serves.
 */
export async function runExplain(
  asked: { readonly method: string; readonly url: string; readonly result: ParseResult },
  flags: ExplainFlags,
  clock: Clock,
): Promise<ExplainResult> {
  const query = new URLSearchParams({ method: asked.method, url: asked.url });
  for (const line of flags.header ?? []) query.append("header", line);
  if (flags.clientIp !== undefined) query.set("client-ip", flags.clientIp);
  const request = parseExplainQuery(query);
  if (typeof request === "string") return failed(2, [request]);
  try {
    const live = flags.live === true || flags.admin !== undefined;
    const answer = live
      ? await explainLive(asked.result, { query, flags, clock })
      : await explainOffline(asked.result, request, clock);
    if ("problems" in answer) return failed(2, answer.problems);
    const text = flags.json === true
      ? `${JSON.stringify(answer.explanation, null, 2)}\n`
      : explainText(answer.explanation) + note(live);
    return { exitCode: 0, stdout: text, stderr: answer.notes.map((line) => `${shown(line)}\n`).join("") };
  } catch (error) {
    if (error instanceof AdminUnreachable) return failed(1, [error.message]);
    throw error;
  }
}

type Answer =
  | { readonly explanation: Explanation; readonly notes: readonly string[] }
  | { readonly problems: readonly string[] };

async function explainLive(
  result: ParseResult,
  { query, flags, clock }: { query: URLSearchParams; flags: ExplainFlags; clock: Clock },
): Promise<Answer> {
  const endpoint = adminEndpoint(result, flags.admin);
  if ("problem" in endpoint) return { problems: [endpoint.problem] };
  return { explanation: await askAdminJson<Explanation>(endpoint, `/explain?${query}`, clock), notes: [] };
}

async function explainOffline(result: ParseResult, request: ExplainRequest, clock: Clock): Promise<Answer> {
  if (result.config === null) {
    return { problems: firstProblems(result.problems, "problem").map(({ message }) => message) };
  }
  const log = new NotedLog();
  await using basis = await resolveBasis(result.config, clock, log);
  const context = { ...basis, random: Math.random, nowMs: () => clock.monotonicMs() };
  return { explanation: explain(request, context), notes: log.notes };
}

/** What a sluice that has just started with this configuration would serve by, names resolved, before any probe. */
async function resolveBasis(config: Config, clock: Clock, log: Logger): Promise<ExplainBasis & AsyncDisposable> {
  const table = TargetTable.create(1);
  const registry = new TargetRegistry({
    groups: config.groups.map((group) => ({ ...group, healthCheck: { ...group.healthCheck, enabled: false } })),
    dns: config.dns,
    table,
    clock,
    random: Math.random,
    log,
    onChange: () => {},
  });
  await registry.start();
  const snapshot = {
    generation: 1,
    instance: "explain",
    listener: config.listener,
    listenerPort: config.listener.port ?? 0,
    tlsPort: config.listener.tls?.port ?? 0,
    accessLog: false,
    debugRequests: false,
    rules: config.rules.map((rule, slot) => withSecret({ ...rule, slot }, "explain")),
    groups: registry.groups(1),
  };
  // No group views: without probes, health is unknown.
  return { snapshot, table, groups: [], [Symbol.asyncDispose]: () => registry.stop() };
}

/** Keeps what goes wrong with names, for the user; the rest of the log is not for a question. */
class NotedLog implements Logger {
  readonly notes: string[] = [];
  debug(): void {}
  info(): void {}
  warn(_event: string, message: string, _fields?: LogFields): void {
    this.notes.push(message);
  }
  error(_event: string, message: string, _fields?: LogFields): void {
    this.notes.push(message);
  }
}

function note(live: boolean): string {
  return live
    ? ""
    : "\nFrom the configuration alone: no target was probed, and all counters are 0. Add --live to ask the running " +
      "sluice.\n";
}

function failed(exitCode: 1 | 2, lines: readonly string[]): ExplainResult {
  return { exitCode, stdout: "", stderr: lines.map((line) => `${shown(line)}\n`).join("") };
}
