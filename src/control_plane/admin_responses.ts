import type { AdminSource } from "../admin/admin_source.ts";
import type { Setting } from "../config/setting.ts";
import type { TargetTable } from "../state/target_table.ts";
import type { Clock } from "../time/clock.ts";
import type { Decision } from "../views/decision.ts";
import type { ExplainBasis, ExplainRequest, Explanation } from "../views/explanation.ts";
import type { TlsView } from "../views/certificate_view.ts";
import type { ReloadOutcome, SystemView } from "../views/system_view.ts";
import type { ListenerCertificates } from "./certificates/listener_certificates.ts";
import type { ListenerPorts } from "./ports/listener_ports.ts";
import type { TargetRegistry } from "./membership/target_registry.ts";
import type { Snapshots } from "./snapshots.ts";
import type { Supervision } from "./supervision.ts";
import type { DecisionQuestions } from "./workers/decision_questions.ts";
import type { WorkerPool } from "./workers/worker_pool.ts";

/** The parts of the control plane that responses are put together from. */
export interface ResponseParts {
  readonly version: string;
  readonly startedMs: number;
  readonly clock: Clock;
  readonly table: TargetTable;
  readonly snapshots: Snapshots;
  readonly registry: TargetRegistry;
  readonly pool: WorkerPool;
  readonly supervision: Supervision;
  readonly ports: ListenerPorts;
  readonly certificates: ListenerCertificates;
  readonly decisions: DecisionQuestions;
  /** What changes during the life of the process. */
  now(): {
    readonly settings: readonly Setting[];
    /** False during start and shutdown. */
    readonly ready: boolean;
    readonly lastReload: ReloadOutcome | null;
  };
  explain(request: ExplainRequest, basis: ExplainBasis): Explanation;
}

/** Answers what the admin listener asks, from the parts of the control plane. */
export class AdminResponses implements AdminSource {
  readonly #parts: ResponseParts;

  constructor(parts: ResponseParts) {
    this.#parts = parts;
  }

  get table(): TargetTable {
    return this.#parts.table;
  }

  view(): SystemView {
    const { version, startedMs, clock, snapshots, registry, pool, supervision, ports, now } = this.#parts;
    const { generation, instance, listener, rules } = snapshots.current;
    const { ready, lastReload } = now();
    return {
      version,
      instance,
      startedMs,
      nowMs: clock.wallMs(),
      generation,
      lastReload,
      listenerUrl: ports.url,
      tls: this.#tls(),
      engine: listener.front.engine,
      upstreamTransport: listener.upstreamTransport,
      ready: ready && supervision.accepting > 0,
      live: !pool.anyHung && supervision.live,
      listenerEnds: supervision.ends,
      workers: pool.views(),
      workerExchanges: pool.exchanges,
      rules,
      groups: registry.views(),
    };
  }

  #tls(): TlsView | null {
    const { ports, certificates } = this.#parts;
    return ports.tlsUrl === null
      ? null
      : { url: ports.tlsUrl, certificates: certificates.views(), orders: certificates.orders() };
  }

  settings(): readonly Setting[] {
    return this.#parts.now().settings;
  }

  drain(group: string, addressPort: string): boolean {
    return this.#parts.registry.drain(group, addressPort);
  }

  enable(group: string, addressPort: string): boolean {
    return this.#parts.registry.enable(group, addressPort);
  }

  decisions(): Promise<readonly Decision[]> {
    return this.#parts.decisions.ask();
  }

  explain(request: ExplainRequest): Explanation {
    const { explain, snapshots, table, registry } = this.#parts;
    return explain(request, { snapshot: snapshots.current, table, groups: registry.views() });
  }
}
