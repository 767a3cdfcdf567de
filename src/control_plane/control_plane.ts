import type { AdminSource, Setting } from "../admin/admin_source.ts";
import type { ExplainBasis, ExplainRequest, Explanation } from "../views/explanation.ts";
import { textInTurns } from "../admin/in_turns.ts";
import { statsPieces } from "../admin/stats/stats.ts";
import type { Config } from "../config/model.ts";
import type { ByteSink, Logger } from "../logging/log.ts";
import type { WorkerMessage } from "../protocol/messages.ts";
import type { Decision } from "../views/decision.ts";
import { hostPort, type Snapshot } from "../state/group_snapshot.ts";
import type { ReloadOutcome, SystemView } from "../views/system_view.ts";
import { TargetTable } from "../state/target_table.ts";
import { type Clock, delay } from "../time/clock.ts";
import { AdminListener } from "./ports/admin_listener.ts";
import { claimListenerPort, type PortClaim, PortTaken } from "./ports/listener_port.ts";
import { urlFromHere, whereItListens } from "./ports/listening_text.ts";
import { planReload } from "./reload.ts";
import { RuleSlots } from "./membership/rule_slots.ts";
import { TargetRegistry } from "./membership/target_registry.ts";
import { Supervision } from "./supervision.ts";
import { DecisionQuestions } from "./workers/decision_questions.ts";
import { type Spawn, WorkerPool } from "./workers/worker_pool.ts";

/** What a control plane is made of. */
export interface ControlPlaneOptions {
  readonly config: Config;
  /** Every effective value with its origin, for the admin listener. */
  readonly settings: readonly Setting[];
  readonly version: string;
  /** Threads that serve, `auto` already counted out. */
  readonly workers: number;
  readonly spawn: Spawn;
  readonly log: Logger;
  /** Takes the workers' access lines. */
  readonly accessLog: ByteSink;
  /** Access lines as JSON. */
  readonly json: boolean;
  readonly clock: Clock;
  readonly random: () => number;
  /** Says what would be done with a request, by the code that serves. */
  explain(request: ExplainRequest, context: ExplainBasis): Explanation;
}

/** Most changes that a log line names. */
const MOST_CHANGES = 100;
/** Most lines that are kept of a reload. */
const MOST_OUTCOME_LINES = 10;
const DRAIN_POLL_MS = 20;
/** How long workers may take to answer and log what SHUTDOWN_TIMEOUT cut. */
const CUT_MS = 500;

/**
 * The only place where the parts meet: configuration, discovery, health, the workers and the admin listener. It never
 * touches a request.
 */
export class ControlPlane implements AdminSource {
  readonly table: TargetTable;
  readonly #options: ControlPlaneOptions;
  readonly #instance: string;
  readonly #startedMs: number;
  readonly #registry: TargetRegistry;
  readonly #ruleSlots: RuleSlots;
  readonly #pool: WorkerPool;
  readonly #listening = Promise.withResolvers<void>();
  readonly #supervision: Supervision;
  #started = false;
  readonly #decisions: DecisionQuestions;
  #claim: PortClaim | null = null;
  #admin: AdminListener | null = null;
  #config: Config;
  #settings: readonly Setting[];
  #lastReload: ReloadOutcome | null = null;
  #snapshot: Snapshot;
  #listenerPort = 0;
  #ready = false;
  #sendsAway = false;

  constructor(options: ControlPlaneOptions) {
    const { config, clock, random, log } = options;
    this.#options = options;
    this.#config = config;
    this.#settings = options.settings;
    this.#startedMs = clock.wallMs();
    this.#instance = Math.floor(random() * 0xffffffff).toString(16).padStart(8, "0");
    this.table = TargetTable.create(options.workers);
    this.#ruleSlots = new RuleSlots(this.table);
    this.#supervision = new Supervision(clock, log);
    this.#registry = new TargetRegistry({
      groups: config.groups,
      dns: config.dns,
      table: this.table,
      clock,
      random,
      log,
      onChange: () => this.#publish(),
    });
    this.#snapshot = this.#makeSnapshot(0);
    this.#pool = new WorkerPool({
      count: options.workers,
      spawn: options.spawn,
      table: this.table,
      clock,
      log,
      startMessage: (worker) => ({
        type: "start",
        worker,
        table: this.table.buffer,
        snapshot: this.#snapshot,
        accessLogJson: options.json,
      }),
      onMessage: (message) => this.#receive(message),
      onLost: (worker) => this.#supervision.lost(worker),
    });
    this.#decisions = new DecisionQuestions(this.#pool, clock);
  }

  /** Where clients connect. */
  get listenerUrl(): string {
    return urlFromHere(this.#config.listener.host, this.#listenerPort);
  }

  /** Where the admin listener is; null where it is off. */
  get adminUrl(): string | null {
    return this.#admin?.url ?? null;
  }

  /** Starts; resolves when the listener accepts. Throws `PortTaken` where a port can't be had. */
  async start(): Promise<void> {
    const { log } = this.#options;
    this.#claim = await claimListenerPort(this.#config.listener, this.#options.clock);
    this.#listenerPort = this.#claim.port;
    if (this.#config.admin.enabled) {
      const { takeover } = this.#config.listener;
      this.#admin = await AdminListener.open(this, this.#config.admin, {
        ...this.#options,
        takeover,
        onDown: (error) => this.#supervision.adminListenerDown(error),
        onUp: () => this.#supervision.adminListenerUp(),
      });
    }
    // Threads load their code while names are looked up.
    await Promise.all([this.#pool.load(), this.#registry.start()]);
    this.#publish();
    this.#pool.start();
    await this.#listening.promise;
    this.#claim.release();
    this.#started = this.#ready = true;
    const { host } = this.#config.listener;
    log.info("listening", `Listening on ${whereItListens(host, this.#listenerPort)}`, {
      url: this.listenerUrl,
      address: hostPort(host, this.#listenerPort),
      workers: this.#options.workers,
      rules: this.#config.rules.length,
      groups: this.#config.groups.length,
      transport: this.#config.listener.upstreamTransport,
    });
  }

  /** Swaps another configuration in whole; addresses, ports, workers and transport stay as they were, and are named. */
  reload(config: Config, settings: readonly Setting[]): void {
    const { log } = this.#options;
    const plan = planReload({ config: this.#config, settings: this.#settings }, { config, settings });
    this.#config = plan.applied.config;
    this.#settings = plan.applied.settings;
    this.#registry.reload(this.#config.groups, this.#config.dns);
    this.#publish();
    const changes = firstOf(plan.changes.map(({ text }) => text), MOST_CHANGES);
    this.#noteReload(true, changes);
    log.info("reloaded", `Configuration reloaded: ${changes.length === 0 ? "nothing changed" : changes.join("; ")}`, {
      generation: this.#snapshot.generation,
      changes,
    });
    for (const { variable, text } of plan.waiting) {
      log.warn("restart_needed", `${text}: takes effect at the next start`, { variable });
    }
  }

  /**
   * Takes note of a reload that changed nothing because of `problems`; whoever read the configuration has logged them.
   */
  reloadRefused(problems: readonly string[]): void {
    this.#noteReload(false, problems);
  }

  #noteReload(successful: boolean, lines: readonly string[]): void {
    this.#lastReload = { atMs: this.#options.clock.wallMs(), successful, lines: firstOf(lines, MOST_OUTCOME_LINES) };
  }

  /** Stops: not ready, wait, close the listener, let open requests end. Resolves when all is closed. */
  async stop(): Promise<void> {
    const { log, clock } = this.#options;
    const { shutdownDelayMs, shutdownTimeoutMs } = this.#config.listener;
    this.#ready = false;
    const open = this.openRequests;
    const closing = shutdownDelayMs > 0 ? `not ready any more, closing in ${shutdownDelayMs} ms` : "not ready any more";
    const message = `Stopping: ${closing}; ${open} open requests have ${shutdownTimeoutMs} ms to finish ` +
      "(press Ctrl-C again to stop at once)";
    log.info("stopping", message, { open });
    if (shutdownDelayMs > 0) {
      this.#sendsAway = true;
      this.#pool.broadcast({ type: "send_away" });
      await delay(clock, shutdownDelayMs);
    }
    this.#pool.stopReplacing();
    this.#pool.broadcast({ type: "drain" });
    if (!await this.#drainedWithin(shutdownTimeoutMs)) {
      const open = this.openRequests;
      log.warn("shutdown_timeout", `${open} requests were still open after ${shutdownTimeoutMs} ms`, { open });
      this.#pool.broadcast({ type: "cut" });
      await this.#drainedWithin(CUT_MS);
    }
    this.#pool.terminate();
    this.#supervision.stop();
    await this.#registry.stop();
    await this.#admin?.close();
    log.info("stopped", "Stopped");
  }

  /** Requests that clients wait for now. */
  get openRequests(): number {
    return Math.max(0, this.table.workerCounter("requests") - this.table.workerCounter("finished"));
  }

  async #drainedWithin(ms: number): Promise<boolean> {
    const { clock } = this.#options;
    const untilMs = clock.monotonicMs() + ms;
    while (!this.#pool.allDrained && clock.monotonicMs() < untilMs) await delay(clock, DRAIN_POLL_MS);
    return this.#pool.allDrained;
  }

  /** Lets go of what a start that failed had opened. */
  async abandon(): Promise<void> {
    this.#claim?.release();
    this.#pool.terminate();
    this.#supervision.stop();
    await this.#registry.stop();
    await this.#admin?.close();
  }

  // --- AdminSource ----------------------------------------------------------------------------------------------

  view(): SystemView {
    return {
      version: this.#options.version,
      instance: this.#instance,
      startedMs: this.#startedMs,
      nowMs: this.#options.clock.wallMs(),
      generation: this.#snapshot.generation,
      lastReload: this.#lastReload,
      listenerUrl: this.listenerUrl,
      upstreamTransport: this.#snapshot.listener.upstreamTransport,
      ready: this.#ready && this.#supervision.accepting > 0,
      live: !this.#pool.anyHung && this.#supervision.live,
      listenerEnds: this.#supervision.ends,
      workers: this.#pool.views(),
      rules: this.#snapshot.rules,
      groups: this.#registry.views(),
    };
  }

  settings(): readonly Setting[] {
    return this.#settings;
  }

  drain(group: string, addressPort: string): boolean {
    return this.#registry.drain(group, addressPort);
  }

  enable(group: string, addressPort: string): boolean {
    return this.#registry.enable(group, addressPort);
  }

  decisions(): Promise<readonly Decision[]> {
    return this.#decisions.ask();
  }

  explain(request: ExplainRequest): Explanation {
    const groups = this.#registry.views();
    return this.#options.explain(request, { snapshot: this.#snapshot, table: this.table, groups });
  }

  // --- workers --------------------------------------------------------------------------------------------------

  #receive(message: WorkerMessage): void {
    const { log } = this.#options;
    switch (message.type) {
      case "listening":
        // A replacement starts with the snapshot as of then, so only this is to be caught up.
        if (this.#sendsAway) this.#pool.post(message.worker, { type: "send_away" });
        this.#supervision.listening(message.worker);
        if (this.#supervision.accepting === this.#options.workers) this.#listening.resolve();
        return this.#noteGenerations();
      case "listener_down":
        return this.#supervision.listenerDown(message.worker, message.error);
      case "listener_up":
        return this.#supervision.listenerUp(message.worker);
      case "listen_failed": {
        const { host } = this.#config.listener;
        this.#listening.reject(
          new PortTaken(
            `Cannot listen on "${host}:${this.#listenerPort}" (LISTENER_HOST, LISTENER_PORT): ${message.error}`,
          ),
        );
        // Before the start is over, its error line says it all.
        if (this.#started) this.#pool.couldNotListen(message.worker, message.error);
        return;
      }
      case "applied":
        return this.#noteGenerations();
      case "connection_failed":
        return this.#registry.reportConnectionFailure(message.slot, message.consecutive, message.error);
      case "access_lines":
        return this.#options.accessLog.writeBytes(message.bytes);
      case "log":
        return log[message.level](message.event, message.message, message.fields);
      case "stats_wanted": {
        const { worker, id } = message;
        const pieces = statsPieces(this.view(), this.table, this.#options.clock.wallMs());
        void textInTurns(pieces).then((json) => this.#pool.post(worker, { type: "stats", id, json }));
        return;
      }
      case "decisions":
        return this.#decisions.answer(message.id, message.decisions);
      case "drained":
      case "loaded":
        // The pool's own.
        return;
    }
  }

  /** Tells who frees slots how far every worker has come. */
  #noteGenerations(): void {
    let oldest = Infinity;
    for (let worker = 0; worker < this.#options.workers; worker++) {
      oldest = Math.min(oldest, this.table.life(worker).generation);
    }
    this.#registry.appliedEverywhere(oldest);
    this.#ruleSlots.appliedEverywhere(oldest, this.#options.clock.monotonicMs());
  }

  /** Makes a snapshot of what is true now and sends it to every worker. */
  #publish(): void {
    this.#snapshot = this.#makeSnapshot(this.#snapshot.generation + 1);
    this.#pool.broadcast({ type: "snapshot", snapshot: this.#snapshot });
    this.table.bumpEpoch();
  }

  #makeSnapshot(generation: number): Snapshot {
    const { listener, rules, logging } = this.#config;
    return {
      generation,
      instance: this.#instance,
      listener,
      listenerPort: this.#listenerPort,
      accessLog: logging.accessLog,
      trace: logging.level === "debug",
      rules: this.#ruleSlots.assign(rules, generation, this.#options.clock.monotonicMs()),
      groups: generation === 0 ? [] : this.#registry.groups(generation),
    };
  }
}

function firstOf(lines: readonly string[], most: number): readonly string[] {
  return lines.length <= most ? lines : [...lines.slice(0, most), `and ${lines.length - most} more`];
}
