import type { AdminConfig } from "../../src/config/model.ts";
import { prefixRule } from "../../src/config/rule.ts";
import type { AdminSource } from "../../src/admin/admin_source.ts";
import type { Setting } from "../../src/config/setting.ts";
import type { ExplainRequest, Explanation } from "../../src/views/explanation.ts";
import type { Decision } from "../../src/views/decision.ts";
import type { GroupSnapshot, RuleSnapshot } from "../../src/state/group_snapshot.ts";
import { hostPort } from "../../src/state/group_snapshot.ts";
import type { TargetStateName } from "../../src/state/target_state.ts";
import type { GroupView, SystemView, TargetView } from "../../src/views/system_view.ts";
import { TargetTable } from "../../src/state/target_table.ts";
import type { WorkerColumn } from "../../src/state/worker_column.ts";

/** An admin listener on loopback without a token. */
export const OPEN_ADMIN: AdminConfig = {
  enabled: true,
  host: "127.0.0.1",
  port: 9901,
  portWasAskedFor: false,
  token: null,
  metricsPublic: false,
  hosts: [],
};

/** When every fake process started. */
export const STARTED_MS = Date.parse("2026-03-01T12:00:00.000Z");

/** A system that a test makes up: groups by name with how many targets each has, all healthy to begin with. */
export class FakeAdminSource implements AdminSource {
  readonly table = TargetTable.create(1);
  readonly column: WorkerColumn = this.table.column(0);
  readonly calls: string[] = [];
  readonly explained: ExplainRequest[] = [];
  groups: GroupView[] = [];
  rules: RuleSnapshot[] = [];
  engine: "serve" | "wire" = "wire";
  tls: SystemView["tls"] = {
    url: "https://127.0.0.1:8443",
    certificates: [{
      names: ["a.test"],
      source: "/etc/sluice/tls.crt",
      issuer: "CN=Test",
      notBeforeMs: STARTED_MS,
      notAfterMs: STARTED_MS + 90 * 86_400_000,
      refused: null,
    }],
    orders: [],
  };
  upstreamTransport: "fetch" | "wire" = "wire";
  ready = true;
  live = true;
  generation = 1;
  lastReload: SystemView["lastReload"] = null;
  nowMs = STARTED_MS + 60_000;
  lastDecisions: Decision[] = [];
  #nextSlot = 0;

  constructor(groups: Readonly<Record<string, number>> = { web: 3 }) {
    for (const [name, count] of Object.entries(groups)) this.addGroup(name, count);
  }

  /** Adds a group, its targets on 10.0.g.t:8080, and a rule to it. */
  addGroup(name: string, count: number): void {
    const number = this.groups.length + 1;
    const targets = Array.from({ length: count }, (_, index): TargetView => ({
      group: name,
      target: {
        slot: this.#nextSlot++,
        scheme: "http",
        host: `${name}.internal`,
        address: `10.${index >> 8}.${number}.${index & 255}`,
        port: 8080,
        base: "",
        weight: 1,
        tls: null,
      },
      state: "healthy",
      reason: null,
      sinceMs: STARTED_MS,
      nextProbeMs: STARTED_MS + 65_000,
      ejectedUntilMs: null,
      lastProbe: { ok: true, reason: "200", micros: 1500, atMs: STARTED_MS + 55_000 },
      consecutive: { ok: 5, failed: 0 },
      probes: { ok: 5, failed: 0 },
      ejections: 0,
    }));
    const group: GroupSnapshot = {
      name,
      algorithm: "ROUND_ROBIN",
      algorithmOptions: { hashKey: { from: "client-ip" } },
      stickiness: null,
      preserveHost: false,
      locationRewrite: false,
      failOpen: false,
      resolved: true,
      cursor: number,
      targets: targets.map(({ target }) => target),
    };
    this.groups.push({
      group,
      healthCheck: {
        enabled: true,
        path: "/health",
        intervalMs: 5000,
        timeoutMs: 2000,
        succeedThreshold: 2,
        failureThreshold: 2,
        matcher: [{ from: 200, to: 200 }],
        host: null,
        port: null,
      },
      targets,
      names: [{
        host: `${name}.internal`,
        addresses: targets.map(({ target }) => target.address),
        answers: 2,
        failures: 0,
        lastError: null,
        lastAnswerMs: STARTED_MS + 30_000,
      }],
    });
    this.rules.push({ ...prefixRule(number, { prefix: `/${name}`, group: name }), slot: number });
  }

  /** Changes what is known of a target. */
  change(group: string, index: number, change: Partial<TargetView>): void {
    this.groups = this.groups.map((view) =>
      view.group.name !== group ? view : {
        ...view,
        targets: view.targets.map((target, at) => at === index ? { ...target, ...change } : target),
      }
    );
  }

  /** Lets a target answer a request. */
  answer(slot: number, status: number, { ttfbMicros = 1000, rule = 1 } = {}): void {
    this.column.arrived();
    this.column.enter(slot);
    this.column.count(slot, "attempts");
    this.column.answered(slot, status, ttfbMicros, this.nowMs);
    this.column.exchanged(slot, ttfbMicros + 500, 10, 100);
    this.column.leave(slot);
    this.column.finished(status, rule, { reason: null, requestBytes: 10, responseBytes: 100 });
  }

  /** Lets a target refuse a request's only attempt. */
  refuse(slot: number, rule = 1): void {
    this.column.arrived();
    this.column.count(slot, "attempts");
    this.column.connectFailed(slot);
    this.column.count(slot, "noAnswer");
    this.column.finished(502, rule, { reason: "connect_refused", requestBytes: 0, responseBytes: 0 });
  }

  view(): SystemView {
    return {
      version: "1.2.3",
      instance: "abc",
      startedMs: STARTED_MS,
      nowMs: this.nowMs,
      generation: this.generation,
      lastReload: this.lastReload,
      listenerUrl: "http://127.0.0.1:8080",
      engine: this.engine,
      tls: this.tls,
      upstreamTransport: this.upstreamTransport,
      ready: this.ready,
      listenerEnds: { listener: 0, admin_listener: 0 },
      live: this.live,
      workers: [{ worker: 0, generation: this.generation, restarts: 0, heartbeatAgeMs: 20, leaving: false }],
      workerExchanges: 0,
      rules: this.rules,
      groups: this.groups,
    };
  }

  settings(): readonly Setting[] {
    return [
      { variable: "LISTENER_PORT", value: "8080", origin: "default", secret: false },
      { variable: "ADMIN_TOKEN", value: "very-secret", origin: "environment", secret: true },
      { variable: "STICKY_SECRET", value: "", origin: "default", secret: true },
    ];
  }

  drain(group: string, addressPort: string): boolean {
    this.calls.push(`drain ${group} ${addressPort}`);
    return this.#put(group, addressPort, "draining", "drained by the operator");
  }

  enable(group: string, addressPort: string): boolean {
    this.calls.push(`enable ${group} ${addressPort}`);
    return this.#put(group, addressPort, "healthy", null);
  }

  decisions(): Promise<readonly Decision[]> {
    return Promise.resolve(this.lastDecisions);
  }

  explain(request: ExplainRequest): Explanation {
    this.explained.push(request);
    return {
      engine: this.engine,
      engineNotes: [],
      method: request.method,
      path: "/web",
      client: "127.0.0.1",
      groups: [],
      rules: [{ number: 1, takes: "/web", action: "web", conditions: [], matched: true, why: "longest prefix" }],
      rewrite: [],
      group: "web",
      algorithm: "ROUND_ROBIN",
      choice: null,
      key: null,
      pinned: null,
      responseHeaders: null,
      locations: null,
      candidates: [],
      limits: null,
      chosen: null,
      why: "",
      headers: [],
      answer: null,
    };
  }

  #put(group: string, addressPort: string, state: TargetStateName, reason: string | null): boolean {
    const view = this.groups.find(({ group: { name } }) => name === group);
    const index = view?.targets.findIndex(({ target }) => hostPort(target.address, target.port) === addressPort) ?? -1;
    if (index < 0) return false;
    this.change(group, index, { state, reason, sinceMs: this.nowMs });
    return true;
  }
}

/** A decision that went wrong, for the tests that need one. */
export function failedDecision(id: string, change: Partial<Decision> = {}): Decision {
  return {
    timeMs: STARTED_MS + 59_000,
    id,
    worker: 0,
    method: "GET",
    path: "/web/page",
    host: "example.com",
    client: "192.0.2.1",
    rule: 1,
    group: "web",
    groupBy: "only",
    algorithm: "ROUND_ROBIN",
    key: null,
    pinned: null,
    candidates: [{ target: "10.0.1.0:8080", score: "" }],
    candidateCount: 1,
    targetCount: 1,
    chosen: "10.0.1.0:8080",
    attempts: [{
      target: "10.0.1.0:8080",
      status: null,
      outcome: "connect_refused",
      detail: "Connection refused (os error 111)",
      connectMs: null,
      ttfbMs: null,
    }],
    status: 502,
    reason: "connect_refused",
    cutBy: null,
    totalMs: 1.5,
    requestBytes: 0,
    responseBytes: 0,
    ...change,
  };
}
