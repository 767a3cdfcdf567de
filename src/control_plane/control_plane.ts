import type { Config } from "../config/model.ts";
import { formatDuration } from "../config/values/duration.ts";
import { counted } from "../logging/counted.ts";
import type { WorkerMessage } from "../protocol/messages.ts";
import { TargetTable } from "../state/target_table.ts";
import { delay } from "../time/clock.ts";
import { AdminResponses } from "./admin_responses.ts";
import { AdminListener } from "./ports/admin_listener.ts";
import type { ControlPlaneOptions } from "./control_plane_options.ts";
import { ListenerPorts } from "./ports/listener_ports.ts";
import { EffectiveConfig } from "./effective_config.ts";
import { TargetRegistry } from "./membership/target_registry.ts";
import { Snapshots } from "./snapshots.ts";
import { Supervision } from "./supervision.ts";
import { DecisionQuestions } from "./workers/decision_questions.ts";
import { answerWorker } from "./workers/worker_questions.ts";
import { WorkerPool } from "./workers/worker_pool.ts";

const DRAIN_POLL_MS = 20;
/** How long workers may take to respond to and log the requests that SHUTDOWN_TIMEOUT ended. */
const CUT_MS = 500;

/**
 * Connects the parts of the control plane (configuration, targets, workers, admin listener), and starts and stops them.
 * It never touches a request.
 */
export class ControlPlane {
  readonly table: TargetTable;
  /** Answers the admin listener. */
  readonly responses: AdminResponses;
  readonly #options: ControlPlaneOptions;
  readonly #effective: EffectiveConfig;
  readonly #registry: TargetRegistry;
  readonly #snapshots: Snapshots;
  readonly #pool: WorkerPool;
  readonly #listening = Promise.withResolvers<void>();
  readonly #supervision: Supervision;
  #started = false;
  readonly #decisions: DecisionQuestions;
  readonly #ports = new ListenerPorts(() => this.#config.listener);
  #admin: AdminListener | null = null;
  #ready = false;
  #sendsAway = false;

  constructor(options: ControlPlaneOptions) {
    const { config, clock, random, log } = options;
    this.#options = options;
    this.#effective = new EffectiveConfig({ config, settings: options.settings }, { clock, log });
    // Only TLS handshakes that don't end are a reason for an exchange.
    const exchanges = config.listener.tls !== null && config.listener.front.engine === "wire";
    this.table = TargetTable.create(options.workers + (exchanges ? 1 : 0));
    this.#supervision = new Supervision(clock, log);
    this.#registry = new TargetRegistry({
      groups: config.groups,
      tls: options.targetTls,
      dns: config.dns,
      table: this.table,
      clock,
      random,
      log,
      onChange: () => this.#publish(),
    });
    this.#snapshots = new Snapshots({
      table: this.table,
      clock,
      log,
      instance: Math.floor(random() * 0xffffffff).toString(16).padStart(8, "0"),
      config: () => this.#config,
      ports: this.#ports,
      groups: (generation) => this.#registry.groups(generation),
    });
    this.#pool = new WorkerPool({
      count: options.workers,
      exchanges,
      spawn: options.spawn,
      reserve: options.reserve,
      table: this.table,
      clock,
      log,
      startMessage: (worker) => ({
        type: "start",
        worker,
        workers: options.workers,
        table: this.table.buffer,
        snapshot: this.#snapshots.current,
        certificates: options.certificates.pairs,
        accessLogJson: options.json,
      }),
      onMessage: (message) => this.#receive(message),
      onLost: (worker) => this.#supervision.lost(worker),
      leaveMs: () => this.#config.listener.shutdownTimeoutMs,
    });
    this.#decisions = new DecisionQuestions(this.#pool, clock);
    this.responses = new AdminResponses({
      version: options.version,
      startedMs: clock.wallMs(),
      clock,
      table: this.table,
      snapshots: this.#snapshots,
      registry: this.#registry,
      pool: this.#pool,
      supervision: this.#supervision,
      ports: this.#ports,
      certificates: options.certificates,
      decisions: this.#decisions,
      now: () => ({
        settings: this.#effective.settings,
        ready: this.#ready,
        lastReload: this.#effective.lastReload,
      }),
      explain: options.explain,
    });
  }

  get #config(): Config {
    return this.#effective.config;
  }

  /** The URL that clients on this machine use. */
  get listenerUrl(): string {
    return this.#ports.url;
  }

  /** The admin listener's URL; null if it is off. */
  get adminUrl(): string | null {
    return this.#admin?.url ?? null;
  }

  /** Starts; resolves when the listener accepts. Throws `PortTaken` if a port is in use. */
  async start(): Promise<void> {
    const { log } = this.#options;
    const { takeover } = this.#config.listener;
    await this.#ports.claim({ ...this.#options, takeover });
    if (this.#config.admin.enabled) {
      this.#admin = await AdminListener.open(this.responses, this.#config.admin, {
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
    this.#ports.release();
    const { certificates } = this.#options;
    certificates.watch(() => this.#pool.broadcast({ type: "certificates", certificates: certificates.pairs }));
    this.#started = this.#ready = true;
    const { text, fields } = this.#ports.told();
    log.info("listening", `Listening on ${text}`, {
      ...fields,
      workers: this.#options.workers,
      rules: this.#config.rules.length,
      groups: this.#config.groups.length,
      transport: this.#config.listener.upstreamTransport,
    });
  }

  /** Applies another configuration, except for what needs a restart: that is named in the log. */
  reload({ config, settings, targetTls }: Pick<ControlPlaneOptions, "config" | "settings" | "targetTls">): void {
    const plan = this.#effective.replace({ config, settings });
    this.#registry.reload(this.#config.groups, this.#config.dns, targetTls);
    this.#publish();
    void this.#options.certificates.reload(this.#config.listener.tls?.certificates ?? []);
    this.#effective.reportReload(plan, this.#snapshots.current.generation);
  }

  /** Keeps the outcome of a reload that changed nothing because of `problems`, which its caller has logged. */
  reloadRefused(problems: readonly string[]): void {
    this.#effective.reportRefusal(problems);
  }

  /** Stops: not ready, wait, close the listener, let open requests end. Resolves when all is closed. */
  async stop(): Promise<void> {
    const { log, clock } = this.#options;
    const { shutdownDelayMs, shutdownTimeoutMs } = this.#config.listener;
    this.#ready = false;
    void this.#options.certificates.stop();
    const open = this.openRequests;
    const closing = shutdownDelayMs > 0
      ? `not ready, closing the listener in ${formatDuration(shutdownDelayMs)}`
      : "not ready";
    const message = `Stopping: ${closing}; ${counted(open, "open request")} may take ${
      formatDuration(shutdownTimeoutMs)
    } to finish (press Ctrl+C again to stop at once)`;
    log.info("stopping", message, { open });
    if (shutdownDelayMs > 0) {
      this.#sendsAway = true;
      this.#pool.broadcast({ type: "send_away" });
      await delay(clock, shutdownDelayMs);
    }
    this.#pool.stopReplacing();
    this.#pool.drain();
    if (!await this.#drainedWithin(shutdownTimeoutMs)) {
      const open = this.openRequests;
      log.warn(
        "shutdown_timeout",
        `${counted(open, "request was", "requests were")} still open after ${formatDuration(shutdownTimeoutMs)}`,
        { open },
      );
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

  /** Closes what a failed start had opened. */
  async abandon(): Promise<void> {
    this.#ports.release();
    this.#pool.terminate();
    this.#supervision.stop();
    await this.#registry.stop();
    await this.#admin?.close();
  }

  #receive(message: WorkerMessage): void {
    const { log } = this.#options;
    switch (message.type) {
      case "listening":
        // A worker that replaced another has a fresh snapshot, but has not heard this message.
        if (this.#sendsAway) this.#pool.post(message.worker, { type: "send_away" });
        this.#supervision.listening(message.worker);
        if (this.#supervision.accepting === this.#options.workers) this.#listening.resolve();
        return this.#noteGenerations();
      case "listener_down":
        return this.#supervision.listenerDown(message.worker, message.error);
      case "listener_up":
        return this.#supervision.listenerUp(message.worker);
      case "listen_failed": {
        this.#listening.reject(this.#ports.failure(message));
        // During the start, the start's own error line is enough.
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
      case "stats_wanted":
      case "challenge_wanted": {
        const { certificates, clock } = this.#options;
        return void answerWorker(message, { pool: this.#pool, responses: this.responses, certificates, clock });
      }
      case "decisions":
        return this.#decisions.answer(message.id, message.decisions);
      case "drained":
      case "exchange_wanted":
      case "loaded":
        // The pool has handled these.
        return;
    }
  }

  /** Frees slots that no worker uses any more. */
  #noteGenerations(): void {
    const oldest = this.#pool.oldestGeneration;
    this.#registry.appliedEverywhere(oldest);
    this.#snapshots.appliedEverywhere(oldest);
  }

  /** Sends a snapshot of the present state to every worker. */
  #publish(): void {
    this.#pool.broadcast({ type: "snapshot", snapshot: this.#snapshots.next() });
    this.table.bumpEpoch();
  }
}
