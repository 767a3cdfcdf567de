import { trace } from "@opentelemetry/api";
import { Deadlines } from "../time/deadline.ts";
import { emitsSpans } from "../forwarding/tracing/emits_spans.ts";
import { TracedTransport } from "../forwarding/tracing/traced_transport.ts";
import type { Transport } from "../forwarding/target_request.ts";
import { HandshakeTransport } from "../forwarding/websocket/handshake_transport.ts";
import { makeSocketTransport } from "../forwarding/wire/socket_transport.ts";
import { TurnBudget } from "../forwarding/wire/turn_budget.ts";
import type { ReceivedRequest } from "../front/received_request.ts";
import { LARGE_PIECE_BYTES } from "../front/serve/reply_stream.ts";
import { ServeFront } from "../front/serve/serve_front.ts";
import { writeJsonLine, writeTextLine } from "../logging/access_line.ts";
import { AccessBuffer } from "../logging/access_buffer.ts";
import { withoutSecrets } from "../logging/secrets.ts";
import { FLUSH_MS } from "../logging/sink.ts";
import type { ControlMessage, WorkerMessage } from "../protocol/messages.ts";
import type { Snapshot } from "../state/group_snapshot.ts";
import { TargetTable } from "../state/target_table.ts";
import type { WorkerColumn } from "../state/worker_column.ts";
import { type CancelTimer, type Clock, delay, systemClock } from "../time/clock.ts";
import { ExchangeRecord } from "./chain/access_record.ts";
import { type Announce, Chain } from "./chain/chain.ts";
import { describeEnd, describeSpan } from "./chain/describe_span.ts";
import { Exchange } from "./chain/exchange.ts";
import { finish } from "./chain/finish.ts";
import { ControlQuestions } from "./chain/control_questions.ts";
import { TracedHandler } from "./chain/traced_handler.ts";
import { type CompiledSnapshot, compileSnapshot } from "./compiled_snapshot.ts";
import { DecisionRing } from "./explain/decision_ring.ts";
import { RequestDebugLog } from "./explain/request_debug_log.ts";
import { headersOfTrace } from "./explain/trace_headers.ts";
import { Listener } from "./listener.ts";
import { RequestIds } from "./request_ids.ts";
import { WireListener } from "./wire_listener.ts";

/** How often a worker says that its event loop turns. */
const BEAT_MS = 250;

const DRAIN_POLL_MS = 10;

type Post = (message: WorkerMessage) => void;
type Start = Extract<ControlMessage, { type: "start" }>;

/**
 * One thread's share of the data plane: serves the listener and does nothing else. The same in a worker thread and,
 * with one worker, in the main thread; all it knows of the rest are messages and the target table.
 */
export class DataPlane {
  readonly #post: Post;
  readonly #clock: Clock;
  readonly #chance: () => number;
  readonly #worker: number;
  readonly #table: TargetTable;
  readonly #column: WorkerColumn;
  readonly #deadlines: Deadlines;
  readonly #transport: Transport;
  readonly #decisions = new DecisionRing();
  readonly #stats: ControlQuestions<string>;
  readonly #challenges: ControlQuestions<string | null, string>;
  readonly #access: AccessBuffer;
  readonly #record = new ExchangeRecord(new Exchange("", 0));
  readonly #cancelBeat: CancelTimer;
  readonly #ids: RequestIds;
  #debugLog: RequestDebugLog | null = null;
  /** Requests are spans of OpenTelemetry; `Deno.serve` opens its own. */
  readonly #spans = emitsSpans();
  readonly #traceHeaders = headersOfTrace();
  readonly #listener: Listener | WireListener;
  readonly #turn = new TurnBudget();
  #compiled: CompiledSnapshot;

  /** @param chance Uniform in [0, 1). */
  constructor(start: Start, post: Post, { clock = systemClock, chance }: { clock?: Clock; chance: () => number }) {
    this.#post = post;
    this.#chance = chance;
    this.#clock = clock;
    this.#worker = start.worker;
    this.#table = TargetTable.open(start.table);
    this.#column = this.#table.column(start.worker);
    const { worker } = start;
    this.#stats = new ControlQuestions((id) => post({ type: "stats_wanted", worker, id }));
    this.#challenges = new ControlQuestions((id, token) => post({ type: "challenge_wanted", worker, id, token }));
    this.#access = new AccessBuffer(clock, {
      write: start.accessLogJson ? writeJsonLine : writeTextLine,
      longestMs: FLUSH_MS,
      send: (bytes) => post({ type: "access_lines", bytes }),
    });
    this.#ids = new RequestIds(
      `${start.snapshot.instance}-${start.worker}-${Math.trunc(clock.wallMs()).toString(36)}-`,
    );
    this.#compiled = this.#compile(start.snapshot);
    this.#deadlines = new Deadlines(clock);
    this.#transport = this.#makeTransport(start.snapshot);
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
      case "challenge":
        return this.#challenges.answer(message.id, message.text);
      case "decisions_wanted":
        this.#post({ type: "decisions", id: message.id, decisions: this.#decisions.read(this.#worker) });
        return;
      case "certificates":
        return this.#listener.serveCertificates(message.certificates);
      case "hold":
        if (this.#listener instanceof WireListener) this.#listener.hold(message.ms);
        return;
      case "send_away":
        return this.#listener.sendAway();
      case "drain":
        void this.#drain(message.exchanged);
        return;
      case "cut":
        return this.#deadlines.closeAll();
    }
  }

  #take(snapshot: Snapshot): void {
    this.#compiled = this.#compile(snapshot);
    this.#post({ type: "applied", worker: this.#worker, generation: snapshot.generation });
  }

  #compile(snapshot: Snapshot): CompiledSnapshot {
    this.#debugLog = snapshot.debugRequests ? this.#debugLog ?? this.#makeDebugLog() : null;
    const compiled = compileSnapshot(snapshot, {
      table: this.#table,
      random: this.#chance,
      nowMs: () => this.#clock.monotonicMs(),
      debugLog: this.#debugLog,
      traceHeaders: this.#traceHeaders,
    });
    this.#column.applied(snapshot.generation);
    return compiled;
  }

  #makeTransport({ listener }: Snapshot): Transport {
    const sockets = makeSocketTransport(listener, {
      clock: this.#clock,
      column: this.#column,
      largeBytes: listener.front.engine === "serve" ? LARGE_PIECE_BYTES : undefined,
      unknownFailure: (text) => this.#tellOfUnknown(text),
    });
    // `fetch` makes spans by itself.
    const traced = this.#spans && listener.upstreamTransport === "wire";
    const transport = traced ? new TracedTransport(sockets, this.#traceHeaders) : sockets;
    if (listener.front.engine === "wire") return transport;
    return new HandshakeTransport(transport, { clock: this.#clock, column: this.#column });
  }

  #makeDebugLog(): RequestDebugLog {
    const tell = (event: string, message: string, fields: Record<string, unknown>) =>
      this.#post({ type: "log", level: "debug", event, message, fields });
    return new RequestDebugLog(tell, this.#clock);
  }

  #makeChain(): Chain {
    const parts = { column: this.#column, clock: this.#clock, finished: this.#finished };
    return new Chain({
      ...parts,
      transport: this.#transport,
      deadlines: this.#deadlines,
      stats: this.#stats,
      challenges: this.#challenges,
      nextId: () => this.#ids.next(),
      current: () => this.#compiled,
      finish: (exchange) => finish(exchange, parts),
      announce: (exchange, received) => this.#announce(exchange, received),
      connectionFailed: ({ slot }, consecutive, error) =>
        this.#post({ type: "connection_failed", slot, consecutive, error }),
      broken: (exchange, error) => this.#report(exchange, error),
      unreadable: ({ detail, peer }, id) => {
        const message = `A request of ${peer} was refused: ${detail}`;
        const fields = { id, client: peer, detail };
        this.#post({ type: "log", level: "debug", event: "request_refused", message, fields });
      },
    });
  }

  /**
   * Tells of a request in the log at LOG_LEVEL=debug, and in its span if spans are collected; null if neither is done.
   */
  #announce(exchange: Exchange, received: ReceivedRequest): Announce | null {
    if (this.#debugLog === null && !this.#spans) return null;
    const log = this.#debugLog?.begin(exchange, received);
    const span = this.#spans ? trace.getActiveSpan() : undefined;
    return (head) => {
      log?.(head);
      if (span !== undefined) describeSpan(span, exchange);
    };
  }

  #makeListener(): Listener {
    const front = new ServeFront({
      handler: this.#makeChain(),
      clock: this.#clock,
      deadlines: this.#deadlines,
      limits: () => this.#compiled.snapshot.listener,
    });
    return new Listener(front, { worker: this.#worker, clock: this.#clock, post: this.#post });
  }

  #makeWireListener(workers: number): WireListener {
    const chain = this.#makeChain();
    return new WireListener({
      worker: this.#worker,
      workers,
      clock: this.#clock,
      handler: this.#spans ? new TracedHandler(chain, this.#traceHeaders) : chain,
      operations: this.#turn,
      column: this.#column.clients,
      held: () => this.#table.clientsHeld(),
      listener: () => this.#compiled.snapshot.listener,
      post: this.#post,
    });
  }

  #openListener({ snapshot, certificates, workers }: Start): Listener | WireListener {
    const { listener, listenerPort, tlsPort } = snapshot;
    const { host, front } = listener;
    const opened = front.engine === "wire" ? this.#makeWireListener(workers) : this.#makeListener();
    opened.open({ hostname: host, port: listenerPort, tlsPort, certificates });
    return opened;
  }

  readonly #finished = (exchange: Exchange, totalMicros: number): void => {
    // `Deno.serve` ends its own spans before this.
    if (this.#spans && this.#listener instanceof WireListener) describeEnd(exchange);
    const endedMs = this.#clock.wallMs();
    this.#decisions.keep(exchange, { endedMs, totalMicros });
    if (!this.#compiled.snapshot.accessLog) return;
    this.#access.add(this.#record.of(exchange, { endedMs, totalMicros }));
  };

  #report(exchange: Exchange, error: unknown): void {
    this.#post({
      type: "log",
      level: "error",
      event: "internal_error",
      message: "A request failed inside sluice",
      fields: {
        id: exchange.received.requestId,
        error: error instanceof Error ? error.stack ?? error.message : String(error),
      },
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
   * Accepts nothing new and waits until every request has come to its end: the listener's own end says too little,
   * which does not know of tunnels, and comes while idle connections are open.
   */
  async #drain(exchanged: boolean): Promise<void> {
    await this.#listener.stopAccepting(exchanged);
    const open = () =>
      this.#table.workerCounter("requests", this.#worker) - this.#table.workerCounter("finished", this.#worker);
    while (open() > 0) {
      // If requests are still open at SHUTDOWN_TIMEOUT, the lines of those that have ended are written before.
      this.#access.flush();
      await delay(this.#clock, DRAIN_POLL_MS);
    }
    await this.#listener.untilClosed();
    this.#access.flush();
    this.#cancelBeat();
    this.#deadlines.stop();
    this.#transport.close();
    this.#post({ type: "drained", worker: this.#worker });
  }
}
