import { DeadlineWheel } from "../time/deadline.ts";
import type { Exchange } from "../forwarding/exchange.ts";
import { emitsSpans } from "../forwarding/tracing/emits_spans.ts";
import { FetchTransport } from "../forwarding/fetch/fetch_transport.ts";
import { Forwarder, type ForwarderParts } from "../forwarding/forward.ts";
import { UpgradeForwarder } from "../forwarding/websocket/forward_upgrade.ts";
import { TracedTransport } from "../forwarding/tracing/traced_transport.ts";
import { TurnBudget } from "../forwarding/wire/turn_budget.ts";
import type { Transport } from "../forwarding/transport.ts";
import { makeSocketTransport } from "../forwarding/wire/socket_transport.ts";
import { WireTransport } from "../forwarding/wire/wire_transport.ts";
import { writeJsonLine, writeTextLine } from "../logging/access_line.ts";
import { AccessBuffer } from "../logging/access_buffer.ts";
import { withoutSecrets } from "../logging/secrets.ts";
import { FLUSH_MS } from "../logging/sink.ts";
import type { ControlMessage, WorkerMessage } from "../protocol/messages.ts";
import type { Snapshot } from "../state/group_snapshot.ts";
import { TargetTable } from "../state/target_table.ts";
import type { WorkerColumn } from "../state/worker_column.ts";
import { type CancelTimer, type Clock, delay, systemClock } from "../time/clock.ts";
import { type App, createApp } from "./chain/app.ts";
import { foldChain } from "./chain/chain.ts";
import { type CompiledSnapshot, compileSnapshot } from "./compiled_snapshot.ts";
import { DecisionRing } from "./explain/decision_ring.ts";
import { accessRecord } from "./chain/access_record.ts";
import { WireChain } from "./chain/wire_chain.ts";
import { Listener } from "./listener.ts";
import { WireListener } from "./wire_listener.ts";
import { checkRequest } from "./chain/check_request.ts";
import { describeSpan } from "./chain/describe_span.ts";
import { forwardToTarget } from "./chain/forward_to_target.ts";
import { finish, observe } from "./chain/observe.ts";
import { ownAnswer } from "./chain/own_answer.ts";
import { serveStats, StatsRequests } from "./chain/serve_stats.ts";
import { RequestTrace } from "./explain/request_trace.ts";
import { headersOfTrace } from "./explain/trace_headers.ts";

/** How often a worker says that its event loop turns. */
export const BEAT_MS = 250;

const DRAIN_POLL_MS = 10;

type Post = (message: WorkerMessage) => void;
type Start = Extract<ControlMessage, { type: "start" }>;

/**
 * One thread's share of the data plane: serves the listener and does nothing else. The same in a worker thread and, with
 * one worker, in the main thread; all it knows of the rest are messages and the target table.
 */
export class DataPlane {
  readonly #post: Post;
  readonly #clock: Clock;
  readonly #chance: () => number;
  readonly #worker: number;
  readonly #table: TargetTable;
  readonly #column: WorkerColumn;
  readonly #parts: ForwarderParts;
  readonly #upgrades: UpgradeForwarder;
  readonly #decisions = new DecisionRing();
  readonly #stats: StatsRequests;
  readonly #access: AccessBuffer;
  readonly #cancelBeat: CancelTimer;
  readonly #idPrefix: string;
  #trace: RequestTrace | null = null;
  /** Requests are spans of OpenTelemetry. */
  readonly #spans = emitsSpans();
  readonly #traceHeaders = headersOfTrace();
  readonly #listener: Listener | WireListener;
  readonly #turn = new TurnBudget();
  #socketTransport: ReturnType<typeof makeSocketTransport> | null = null;
  #compiled: CompiledSnapshot;
  #requests = 0;

  /** @param chance Uniform in [0, 1). */
  constructor(start: Start, post: Post, { clock = systemClock, chance }: { clock?: Clock; chance: () => number }) {
    this.#post = post;
    this.#chance = chance;
    this.#clock = clock;
    this.#worker = start.worker;
    this.#table = TargetTable.open(start.table);
    this.#column = this.#table.column(start.worker);
    this.#stats = new StatsRequests((id) => post({ type: "stats_wanted", worker: start.worker, id }));
    this.#access = new AccessBuffer(clock, {
      write: start.accessLogJson ? writeJsonLine : writeTextLine,
      longestMs: FLUSH_MS,
      send: (bytes) => post({ type: "access_lines", bytes }),
    });
    this.#idPrefix = `${start.snapshot.instance}-${start.worker}-${Math.trunc(clock.wallMs()).toString(36)}-`;
    this.#compiled = this.#compile(start.snapshot);
    const wheel = new DeadlineWheel(clock);
    this.#parts = {
      transport: this.#makeTransport(start.snapshot, wheel),
      wheel,
      column: this.#column,
      clock,
      refuse: (exchange, reason) => ownAnswer(exchange, reason, this.#compiled.snapshot.listener),
      broken: (exchange, error) => this.#broken(exchange, error),
      report: (exchange, error) => this.#report(exchange, error),
      connectionFailed: ({ slot }, consecutive, error) => post({ type: "connection_failed", slot, consecutive, error }),
    };
    this.#upgrades = new UpgradeForwarder(this.#parts);
    this.#cancelBeat = clock.every(BEAT_MS, () => this.#column.beat());
    this.#listener = this.#openListener(start);
  }

  /** Takes a message of the control plane. */
  receive(message: ControlMessage): void {
    switch (message.type) {
      case "start":
        throw new TypeError("A data plane is started once");
      case "snapshot":
        return this.#take(message.snapshot);
      case "stats":
        return this.#stats.answer(message.id, message.json);
      case "decisions_wanted":
        this.#post({ type: "decisions", id: message.id, decisions: this.#decisions.read(this.#worker) });
        return;
      case "certificates":
        if (this.#listener instanceof WireListener) this.#listener.serveCertificates(message.certificates);
        return;
      case "send_away":
        return this.#listener.sendAway();
      case "drain":
        void this.#drain();
        return;
      case "cut":
        return this.#parts.wheel.closeAll();
    }
  }

  #take(snapshot: Snapshot): void {
    const before = this.#trace;
    this.#compiled = this.#compile(snapshot);
    // Requests that are under way end in the chain that they began in.
    if (this.#trace !== before && this.#listener instanceof Listener) this.#listener.serve(this.#makeApp());
    this.#post({ type: "applied", worker: this.#worker, generation: snapshot.generation });
  }

  #compile(snapshot: Snapshot): CompiledSnapshot {
    this.#trace = snapshot.trace ? this.#trace ?? this.#makeTrace() : null;
    const compiled = compileSnapshot(snapshot, {
      table: this.#table,
      random: this.#chance,
      nowMs: () => this.#clock.monotonicMs(),
      trace: this.#trace,
      traceHeaders: this.#traceHeaders,
    });
    this.#column.applied(snapshot.generation);
    return compiled;
  }

  #makeTransport({ listener }: Snapshot, wheel: DeadlineWheel): Transport {
    const unknownFailure = (text: string) => this.#tellOfUnknown(text);
    if (listener.upstreamTransport === "fetch") return new FetchTransport(unknownFailure);
    const wire = new WireTransport({
      clock: this.#clock,
      wheel,
      column: this.#column,
      reuse: listener.upstreamReuse,
      unknownFailure,
    });
    return this.#spans ? new TracedTransport(wire, this.#traceHeaders) : wire;
  }

  #makeTrace(): RequestTrace {
    const tell = (event: string, message: string, fields: Record<string, unknown>) =>
      this.#post({ type: "log", level: "debug", event, message, fields });
    return new RequestTrace(tell, this.#clock);
  }

  #makeApp(): App {
    const chain = foldChain([
      ...(this.#spans ? [describeSpan()] : []),
      observe({
        column: this.#column,
        clock: this.#clock,
        finished: this.#finished,
        broken: (exchange, error) => this.#broken(exchange, error),
      }),
      ...(this.#trace === null ? [] : [this.#trace.middleware()]),
      checkRequest(),
      serveStats(this.#stats),
    ], forwardToTarget(this.#parts.transport, new Forwarder(this.#parts), this.#upgrades));
    return createApp(chain, {
      clock: this.#clock,
      nextId: () => this.#nextId(),
      current: () => this.#compiled,
    });
  }

  #makeWireListener(snapshot: Snapshot): WireListener {
    const { listener } = snapshot;
    const transport = this.#socketTransport = makeSocketTransport(listener, {
      clock: this.#clock,
      column: this.#column,
      unknownFailure: (text) => this.#tellOfUnknown(text),
    });
    const handler = new WireChain({
      ...this.#parts,
      transport,
      stats: this.#stats,
      nextId: () => this.#nextId(),
      current: () => this.#compiled,
      trace: () => this.#trace,
      finish: (exchange) => finish(exchange, { ...this.#parts, finished: this.#finished }),
      broken: (exchange, error) => this.#report(exchange, error),
      unreadable: ({ detail, peer }, id) => {
        const message = `A request of ${peer} was refused: ${detail}`;
        const fields = { id, client: peer, detail };
        this.#post({ type: "log", level: "debug", event: "request_refused", message, fields });
      },
    });
    return new WireListener({
      worker: this.#worker,
      workers: this.#table.workers,
      clock: this.#clock,
      handler,
      operations: this.#turn,
      column: this.#column.clients,
      listener: () => this.#compiled.snapshot.listener,
      post: this.#post,
    });
  }

  #openListener({ snapshot, certificates }: Start): Listener | WireListener {
    const { listener: { host, front }, listenerPort, tlsPort } = snapshot;
    if (front.engine === "wire") {
      const listener = this.#makeWireListener(snapshot);
      listener.open({ hostname: host, port: listenerPort, tlsPort, certificates });
      return listener;
    }
    const listener = new Listener(this.#makeApp(), { worker: this.#worker, clock: this.#clock, post: this.#post });
    listener.open(host, listenerPort);
    return listener;
  }

  #nextId(): string {
    return this.#idPrefix + (this.#requests++).toString(36);
  }

  readonly #finished = (exchange: Exchange, totalMicros: number): void => {
    const endedMs = this.#clock.wallMs();
    this.#decisions.keep(exchange, { endedMs, totalMicros });
    if (!this.#compiled.snapshot.accessLog) return;
    this.#access.add(accessRecord(exchange, { endedMs, totalMicros }));
  };

  #broken(exchange: Exchange, error: unknown): Response {
    this.#report(exchange, error);
    return ownAnswer(exchange, "internal_error", this.#compiled.snapshot.listener);
  }

  #report(exchange: Exchange, error: unknown): void {
    this.#post({
      type: "log",
      level: "error",
      event: "internal_error",
      message: "A request failed inside sluice",
      fields: { id: exchange.requestId, error: error instanceof Error ? error.stack ?? error.message : String(error) },
    });
  }

  #tellOfUnknown(text: string): void {
    const error = withoutSecrets(text);
    this.#post({
      type: "log",
      level: "warn",
      event: "unknown_failure",
      message:
        `A target's connection failed in a way that sluice does not know, and counts as reset_before_headers: ${error}`,
      fields: { error },
    });
  }

  /**
   * Accepts nothing new and waits until every request has come to its end: the listener's own end says too little, which does
   * not know of tunnels, and comes while idle connections are open.
   */
  async #drain(): Promise<void> {
    await this.#listener.stopAccepting();
    this.#upgrades.closeAll();
    const open = () =>
      this.#table.workerCounter("requests", this.#worker) - this.#table.workerCounter("finished", this.#worker);
    while (open() > 0) {
      // Who is still open when the patience ends takes no line of the finished ones along.
      this.#access.flush();
      await delay(this.#clock, DRAIN_POLL_MS);
    }
    await this.#listener.untilClosed();
    this.#access.flush();
    this.#cancelBeat();
    this.#parts.wheel.stop();
    this.#parts.transport.close();
    this.#socketTransport?.close();
    this.#post({ type: "drained", worker: this.#worker });
  }
}
