import type { FieldLines } from "../../http1/field_lines.ts";
import type { GroupSnapshot, RuleSnapshot, TargetSnapshot } from "../../state/group_snapshot.ts";
import type { Reason } from "../../state/reason.ts";

/**
 * Which side ended an exchange after the response headers and before the end; null if sluice saw it pass whole.
 */
export type CutBy = "client" | "target" | "idle" | "shutdown" | null;

/**
 * Why a rule gave a request to one of its groups: there is only one, a cookie names it, its turn, or another can't
 * serve.
 */
export type GroupBy = "only" | "pinned" | "turn" | "failover";

/** One attempt at a target. */
export interface Attempt {
  readonly target: TargetSnapshot;
  /** Why it brought no response; null if it did. */
  readonly reason: Reason | null;
  readonly detail: string | null;
  /** From handing over until headers or failure. */
  readonly micros: number;
  /** How long making its connection took, or was tried; `NO_CONNECT` if none was made or the time is not known. */
  readonly connectMicros: number;
}

const NONE: readonly Attempt[] = [];

/** What a client sent. */
export class Received {
  /** The method as on the wire (HEAD stays HEAD). */
  readonly method: string;
  readonly startedMs: number;
  /** Canonical path, without the query. */
  path = "";
  /** With its `?`; empty if there is none. */
  query = "";
  /** The host as the client wrote it, in Host or in a request target that is a whole URL. */
  host = "";
  /** Its URL is long, and path, query and host are parts of it: they must be copied to be kept. */
  longUrl = false;
  peer = "";
  /** `https` if the client's connection has TLS. */
  protocol: "http" | "https" = "http";
  /** The version of HTTP that the client speaks; null if it is not known. */
  version: string | null = null;
  client = "";
  requestId = "";
  /** True once the client's headers were searched for a request id. */
  identified = false;
  /** The client's header lines; null when the response has been given. */
  lines: FieldLines | null = null;

  constructor(method: string, startedMs: number) {
    this.method = method;
    this.startedMs = startedMs;
  }

  /** The value of a header, its name in lower case; null if there is none. */
  header(name: string): string | null {
    return this.lines === null ? null : this.lines.get(name);
  }

  /** Notes who the client is and which id its request has, once its headers were looked at for that. */
  identify({ client, requestId }: { readonly client: string; readonly requestId: string | null }): void {
    this.client = client;
    if (requestId !== null) this.requestId = requestId;
    this.identified = true;
  }
}

/** What was decided. */
class Routed {
  rule: RuleSnapshot | null = null;
  /** The target group that the rule's action gave it to. */
  group: GroupSnapshot | null = null;
  /** Why it was this group. */
  groupBy: GroupBy = "only";
  /** What the rule's rewrite made of the path: targets get it under their base. */
  strippedPath = "";
  /** The Host that its targets see; null leaves that to the group. */
  hostRewrite: string | null = null;
  /** The numbers behind the choice of a target, for `/decisions`; null if no target was chosen. */
  scores: unknown = null;
  /** The Set-Cookie value that pins the client to its target once that has responded; null if none does. */
  pinCookie: string | null = null;
  /** The application's cookie that the target must set for that (STICKINESS_COOKIE); null if it need not. */
  pinsWith: string | null = null;
  /** The Set-Cookie value that pins the client to its group, likewise. */
  rulePin: string | null = null;
  /** The slot of the target that counts this exchange in flight; -1 for none. */
  heldSlot = -1;
}

/** How it ended. */
export class Outcome {
  /** The target that responded, or was tried last. */
  target: TargetSnapshot | null = null;
  attempts: readonly Attempt[] = NONE;
  /** From handing over to the last target until its headers; -1 without a response. */
  ttfbMicros = -1;
  /** 0 until there is a response. */
  status = 0;
  reason: Reason | null = null;
  /** Body bytes only. */
  requestBytes = 0;
  /** Body bytes only. */
  responseBytes = 0;
  cutBy: CutBy = null;
  /** Headers of sluice's own on the way back (the request's id); null if there are none. */
  extraResponseHeaders: [string, string][] | null = null;

  /** Notes an attempt. Nearly always there is one, and an array that is made with it is a tenth of one that grows. */
  attempted(attempt: Attempt): void {
    this.attempts = this.attempts.length === 0 ? [attempt] : [...this.attempts, attempt];
  }

  /** Puts a header of sluice's own on the response. */
  addResponseHeader(name: string, value: string): void {
    (this.extraResponseHeaders ??= []).push([name, value]);
  }
}

/**
 * One request on its way. Made once a request, filled from left to right as it passes through the chain, and read at
 * its end by access log, counters and decisions.
 */
export class Exchange {
  readonly received: Received;
  readonly routed = new Routed();
  readonly outcome = new Outcome();

  constructor(method: string, startedMs: number) {
    this.received = new Received(method, startedMs);
  }
}
