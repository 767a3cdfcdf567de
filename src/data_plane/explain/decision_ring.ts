import type { CandidateList } from "../../balancing/algorithm.ts";
import type { HashKey } from "../../config/model.ts";
import { findAlgorithm } from "../../balancing/registry.ts";
import type { Attempt, CutBy, Exchange, GroupBy } from "../chain/exchange.ts";
import { NO_CONNECT } from "../../forwarding/target_request.ts";
import { isSecretName } from "../../logging/secrets.ts";
import type { Decision } from "../../views/decision.ts";
import { hostPort, type TargetSnapshot } from "../../state/group_snapshot.ts";
import { KEPT_CHARS, ownText } from "../../state/own_text.ts";
import type { Reason } from "../../state/reason.ts";
import {
  type CapturedScores,
  describeCandidates,
  giveBackScores,
  KEPT_CANDIDATES,
  NUMBERS_EACH,
} from "./decision_scores.ts";

/** How many requests each worker remembers. */
const KEPT_DECISIONS = 1000;

/** A place in the ring: written over, never made anew. */
class Kept {
  timeMs = 0;
  totalMicros = 0;
  id = "";
  method = "";
  /** With the query, where the URL is long. */
  path = "";
  query = "";
  host = "";
  client = "";
  rule: number | null = null;
  group: string | null = null;
  groupBy: GroupBy = "only";
  /** Null where none chose. */
  algorithm: string | null = null;
  candidates: CandidateList | null = null;
  targetCount = 0;
  key = "";
  keyHash = 0;
  hashKey: HashKey | null = null;
  startedMs = 0;
  pinned: TargetSnapshot | null = null;
  behind: TargetSnapshot | null = null;
  firstTarget: TargetSnapshot | null = null;
  /** Only where there was more than one, or one that failed. */
  attempts: readonly Attempt[] | null = null;
  ttfbMicros = -1;
  connectMicros = NO_CONNECT;
  status = 0;
  reason: Reason | null = null;
  cutBy: CutBy = null;
  requestBytes = 0;
  responseBytes = 0;
  readonly numbers = new Float64Array(KEPT_CANDIDATES * NUMBERS_EACH);
}

/**
 * The last requests of one worker. Keeping one copies a few fields into a place that lives as long as the worker, and
 * lets the exchange go: holding a thousand exchanges would move each of them to the old generation and cost more than
 * everything else here. Texts are made when somebody asks.
 */
export class DecisionRing {
  readonly #places: Kept[] = [];
  #next = 0;

  /** Keeps a finished exchange, and forgets the oldest. */
  keep({ received, routed, outcome }: Exchange, times: { endedMs: number; totalMicros: number }): void {
    const kept = this.#places[this.#next] ??= new Kept();
    this.#next = this.#next + 1 === KEPT_DECISIONS ? 0 : this.#next + 1;
    const { rule, group } = routed;
    const { attempts } = outcome;
    kept.timeMs = times.endedMs - times.totalMicros / 1000;
    kept.totalMicros = times.totalMicros;
    kept.id = received.requestId;
    // Mostly the same text as a thousand requests ago: keeping the old string lets the new one be collected early.
    if (kept.method !== received.method) kept.method = short(received.method);
    if (received.longUrl) {
      kept.path = ownText(received.path + received.query);
      kept.query = "";
      kept.host = ownText(received.host);
    } else {
      if (kept.path !== received.path) kept.path = received.path;
      if (kept.query !== received.query) kept.query = received.query;
      if (kept.host !== received.host) kept.host = received.host;
    }
    if (kept.client !== received.client) kept.client = received.client;
    kept.rule = rule === null ? null : rule.number;
    kept.group = group === null ? null : group.name;
    kept.groupBy = routed.groupBy;
    // The one that chose: a reload may have brought another since, which could make nothing of these candidates.
    const scores = routed.scores as CapturedScores | null;
    kept.firstTarget = attempts.length === 0 ? null : attempts[0]!.target;
    kept.attempts = attempts.length > 1 || outcome.reason !== null ? attempts : null;
    kept.ttfbMicros = outcome.ttfbMicros;
    kept.connectMicros = attempts.length === 0 ? NO_CONNECT : attempts[0]!.connectMicros;
    kept.status = outcome.status;
    kept.reason = outcome.reason;
    kept.cutBy = outcome.cutBy;
    kept.requestBytes = outcome.requestBytes;
    kept.responseBytes = outcome.responseBytes;
    if (scores === null) {
      kept.algorithm =
        kept.candidates =
        kept.pinned =
        kept.behind =
          null;
      kept.targetCount = 0;
      return;
    }
    const chosenBy = scores.group!;
    kept.algorithm = chosenBy.algorithm;
    kept.candidates = scores.candidates;
    kept.targetCount = chosenBy.targets.length;
    if (kept.key !== scores.key) kept.key = received.longUrl ? ownText(scores.key) : short(scores.key);
    kept.keyHash = scores.keyHash;
    kept.hashKey = chosenBy.algorithmOptions.hashKey;
    kept.startedMs = received.startedMs;
    kept.pinned = scores.pinned;
    kept.behind = scores.behind;
    for (let i = 0; i < scores.count; i++) kept.numbers[i] = scores.numbers[i]!;
    routed.scores = null;
    giveBackScores(scores);
  }

  /** All that is kept, newest first. */
  read(worker: number): Decision[] {
    const newestFirst = [
      ...this.#places.slice(0, this.#next).toReversed(),
      ...this.#places.slice(this.#next).toReversed(),
    ];
    return newestFirst.map((kept) => describe(kept, worker));
  }
}

/** A text that is no part of a longer one, as it is kept. */
function short(text: string): string {
  return text.length > KEPT_CHARS ? ownText(text) : text;
}

function describe(kept: Kept, worker: number): Decision {
  const { algorithm, candidates } = kept;
  return {
    timeMs: kept.timeMs,
    id: kept.id,
    worker,
    method: kept.method,
    path: kept.path + kept.query,
    host: kept.host,
    client: kept.client,
    rule: kept.rule,
    group: kept.group,
    groupBy: kept.group === null ? null : kept.groupBy,
    algorithm,
    key: algorithm === null || findAlgorithm(algorithm)?.usesKey !== true ? null : shownKey(kept),
    pinned: kept.pinned === null ? null : addressOf(kept.pinned),
    candidates: candidates === null || algorithm === null ? [] : describeCandidates(candidates, { ...kept, algorithm }),
    candidateCount: candidates?.count ?? 0,
    targetCount: kept.targetCount,
    chosen: kept.firstTarget === null ? null : addressOf(kept.firstTarget),
    attempts: attemptsOf(kept).map(({ target, reason, detail, micros, connectMicros }) => ({
      target: addressOf(target),
      status: reason === null ? kept.status : null,
      outcome: reason,
      detail,
      connectMs: connectMicros === NO_CONNECT ? null : connectMicros / 1000,
      ttfbMs: reason === null ? micros / 1000 : null,
    })),
    status: kept.status,
    reason: kept.reason,
    cutBy: kept.cutBy,
    totalMs: kept.totalMicros / 1000,
    requestBytes: kept.requestBytes,
    responseBytes: kept.responseBytes,
  };
}

/** The key itself, unless it lets its bearer in somewhere: then its hash, which tells one from another. */
function shownKey({ key, keyHash, hashKey }: Kept): string {
  const named = hashKey !== null && (hashKey.from === "cookie" || hashKey.from === "header") ? hashKey : null;
  const secret = named !== null && (named.from === "cookie" || isSecretName(named.name));
  return secret ? `*** (hash ${keyHash.toString(16).padStart(8, "0")})` : key;
}

function attemptsOf(kept: Kept): readonly Attempt[] {
  if (kept.attempts !== null) return kept.attempts;
  if (kept.firstTarget === null) return [];
  const { firstTarget: target, ttfbMicros: micros, connectMicros } = kept;
  return [{ target, reason: null, detail: null, micros, connectMicros }];
}

function addressOf(target: TargetSnapshot): string {
  return hostPort(target.address, target.port);
}
