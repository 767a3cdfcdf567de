import type { ScoreQuestion } from "../balancing/algorithm.ts";
import { findAlgorithm } from "../balancing/registry.ts";
import type { Exchange } from "../forwarding/exchange.ts";
import type { Decision, DecisionCandidate } from "../state/decision.ts";
import { hostPort } from "../state/group_snapshot.ts";
import type { TargetTable } from "../state/target_table.ts";
import type { CapturedScores } from "./decision_scores.ts";

/** How many requests each worker remembers. */
export const KEPT_DECISIONS = 1000;
/** Characters of a client's path, host and id that are kept. */
const KEPT_CHARS = 512;

interface Kept {
  readonly exchange: Exchange;
  readonly algorithm: string | null;
  readonly endedMs: number;
  readonly totalMicros: number;
}

/** The last requests of one worker. Keeping one costs a small object; texts are made when somebody asks. */
export class DecisionRing {
  readonly #kept: Kept[] = [];
  #next = 0;

  /** Keeps a finished exchange, and forgets the oldest. */
  keep(kept: Kept): void {
    this.#kept[this.#next] = kept;
    this.#next = (this.#next + 1) % KEPT_DECISIONS;
  }

  /** All that is kept, newest first. */
  read(worker: number): Decision[] {
    const newestFirst = [...this.#kept.slice(0, this.#next).toReversed(), ...this.#kept.slice(this.#next).toReversed()];
    return newestFirst.map((kept) => describe(kept, worker));
  }
}

function describe({ exchange, algorithm, endedMs, totalMicros }: Kept, worker: number): Decision {
  const captured = exchange.scores as CapturedScores | null;
  return {
    timeMs: endedMs - totalMicros / 1000,
    id: exchange.requestId.slice(0, KEPT_CHARS),
    worker,
    method: exchange.method.slice(0, KEPT_CHARS),
    path: (exchange.path + exchange.query).slice(0, KEPT_CHARS),
    host: exchange.host.slice(0, KEPT_CHARS),
    client: exchange.client,
    rule: exchange.rule?.number ?? null,
    group: exchange.rule?.targetGroup ?? null,
    algorithm,
    candidates: captured === null ? [] : describeCandidates(captured, algorithm),
    candidateCount: captured?.candidates.count ?? 0,
    chosen: exchange.attempts[0] === undefined
      ? null
      : hostPort(exchange.attempts[0].target.address, exchange.attempts[0].target.port),
    attempts: exchange.attempts.map(({ target, reason, micros }) => ({
      target: hostPort(target.address, target.port),
      status: reason === null ? exchange.status : null,
      outcome: reason,
      connectMs: null,
      ttfbMs: reason === null ? micros / 1000 : null,
    })),
    status: exchange.status,
    reason: exchange.reason,
    totalMs: totalMicros / 1000,
    requestBytes: exchange.requestBytes,
    responseBytes: exchange.responseBytes,
  };
}

/** Lets the algorithm put its scores into words, over the numbers as they were. */
function describeCandidates({ candidates, numbers }: CapturedScores, name: string | null): DecisionCandidate[] {
  const algorithm = name === null ? null : findAlgorithm(name);
  const count = numbers.length / 4;
  const column = (field: number) => Array.from({ length: count }, (_, i) => numbers[i * 4 + field]!);
  const then = {
    ...candidates,
    count,
    targets: candidates.targets.slice(0, count),
    slots: Int32Array.from({ length: count }, (_, i) => i),
    table: {
      inFlight: Int32Array.from(column(0)),
      ttfbMicros: Float64Array.from(column(1)),
      ttfbAtMs: Float64Array.from(column(2)),
      probeMicros: Float64Array.from(column(3)),
      consecutiveFailures: new Int32Array(count),
      flags: new Int32Array(count),
    } as unknown as TargetTable,
  };
  const question: ScoreQuestion = { key: "", nowMs: Math.max(...column(2), 0) };
  return then.targets.map((target, index) => ({
    target: hostPort(target.address, target.port),
    score: algorithm?.score(then, index, question) ?? "",
  }));
}
