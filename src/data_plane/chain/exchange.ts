import type { FieldLines } from "../../http1/field_lines.ts";
import type { GroupSnapshot, RuleSnapshot, TargetSnapshot } from "../../state/group_snapshot.ts";
import type { Reason } from "../../state/reason.ts";

/** Who ended an exchange after its response headers and before its end; null where it passed whole, as far as sluice saw. */
export type CutBy = "client" | "target" | "idle" | "shutdown" | null;

const NONE: readonly Attempt[] = [];

/** One attempt at a target. */
export interface Attempt {
  readonly target: TargetSnapshot;
  /** Why it brought no answer; null where it did. */
  reason: Reason | null;
  detail: string | null;
  /** From handing over until headers or failure. */
  micros: number;
  /** How long making its connection took, or was tried; `NO_CONNECT` where none was made or nobody knows. */
  readonly connectMicros: number;
}

/**
 * One request on its way: what came, what was decided, what came of it. Made once a request, filled from left to right as it
 * passes through the chain, and read at its end by access log, counters and decisions.
 */
export class Exchange {
  /** The method as on the wire (HEAD stays HEAD). */
  readonly method: string;
  readonly startedMs: number;
  /** Canonical path, without the query. */
  path = "";
  /** With its `?`; empty where there is none. */
  query = "";
  /** The Host header. */
  host = "";
  /** Its URL is long, and path, query and host are parts of it: who keeps one of them copies it. */
  longUrl = false;
  peer = "";
  /** How the client came to the listener. */
  protocol: "http" | "https" = "http";
  client = "";
  requestId = "";
  /** The client's headers were looked at for an id. */
  identified = false;
  /** Content-Length of the request; -1 where it is chunked, 0 where there is no body, `UNANNOUNCED` where only reading tells. */
  bodyLength = 0;
  rule: RuleSnapshot | null = null;
  /** The target group that the rule's action gave it to. */
  group: GroupSnapshot | null = null;
  /** What the rule's rewrite left of the path: targets get it under their base. */
  strippedPath = "";
  /** The target that answered, or was tried last. */
  target: TargetSnapshot | null = null;
  attempts: readonly Attempt[] = NONE;
  /** From handing over to the last target until its headers; -1 without an answer. */
  ttfbMicros = -1;
  /** 0 until there is an answer. */
  status = 0;
  reason: Reason | null = null;
  /** Body bytes only. */
  requestBytes = 0;
  /** Body bytes only. */
  responseBytes = 0;
  cutBy: CutBy = null;
  /** The Set-Cookie value that pins the client to `target` once its headers have come; null where none does. */
  pinCookie: string | null = null;
  /** Headers of sluice's own on the way back (sticky cookie, request id); null where there are none. */
  extraResponseHeaders: [string, string][] | null = null;
  /** The slot that counts this exchange in flight; -1 none. */
  heldSlot = -1;
  /** What the choice was made by, for the decisions; null where none was made. */
  scores: unknown = null;

  /** The client's header lines; null when the response has been given. */
  lines: FieldLines | null = null;

  constructor(method: string, startedMs: number) {
    this.method = method;
    this.startedMs = startedMs;
  }

  /** The value of a request header, its name in lower case; null if there is none. */
  header(name: string): string | null {
    return this.lines === null ? null : this.lines.get(name);
  }

  /** Notes an attempt. Nearly always there is one, and an array that is made with it is a tenth of one that grows. */
  attempted(attempt: Attempt): void {
    this.attempts = this.attempts.length === 0 ? [attempt] : [...this.attempts, attempt];
  }

  /** Notes who the client is and which id its request has, once its headers were looked at for that. */
  identify({ client, requestId }: { readonly client: string; readonly requestId: string | null }): void {
    this.client = client;
    if (requestId !== null) this.requestId = requestId;
    this.identified = true;
  }

  /** The target's headers have come: from now on its client is pinned to it, if a cookie does that. */
  pinToTarget(): void {
    if (this.pinCookie !== null) this.addResponseHeader("Set-Cookie", this.pinCookie);
  }

  /** Puts a header of sluice's own on the answer. */
  addResponseHeader(name: string, value: string): void {
    (this.extraResponseHeaders ??= []).push([name, value]);
  }
}
