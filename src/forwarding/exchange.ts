import type { FieldLines } from "../http1/field_lines.ts";
import type { GroupSnapshot, RuleSnapshot, TargetSnapshot } from "../state/group_snapshot.ts";
import type { Reason } from "../state/reason.ts";

/** Who ended an exchange after its response headers and before its end; null where it passed whole, as far as sluice saw. */
export type CutBy = "client" | "target" | "idle" | "shutdown" | null;

/** Stands in for a request that was let go. */
const GONE = new Request("http://localhost/");

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
  request: Request;
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
  /** It became a tunnel: it ends when that closes, by a call of `end`. */
  upgraded = false;
  /** Counts and logs it; set at the start, called once, with itself. */
  end: ((exchange: Exchange) => void) | null = null;
  /** What the choice was made by, for the decisions; null where none was made. */
  scores: unknown = null;

  /** The client speaks HTTP/1.0, which knows no Expect. */
  ignoresExpect = false;
  /** Its header lines, if its engine reads them itself; null if the platform does. */
  lines: FieldLines | null = null;

  constructor(request: Pick<Request, "method"> & Partial<Request>, startedMs: number) {
    this.request = request as Request;
    this.method = request.method;
    this.startedMs = startedMs;
  }

  /**
   * Lets go of the client's request, once its answer is made: the platform tells of an answer's end late, and until then
   * everything that hangs on the request would be kept. Measured, that was two thirds of what the garbage collector had to
   * move to the old generation (docs/performance.md).
   */
  forgetRequest(): void {
    this.request = GONE;
  }

  /** The value of a request header, its name in lower case; null if there is none. */
  header(name: string): string | null {
    if (this.lines !== null) return this.lines.get(name);
    // A request that was never read has none.
    return this.request.headers?.get(name) ?? null;
  }

  /** Notes an attempt. Nearly always there is one, and an array that is made with it is a tenth of one that grows. */
  attempted(attempt: Attempt): void {
    this.attempts = this.attempts.length === 0 ? [attempt] : [...this.attempts, attempt];
  }

  /** Forgets what was attempted: no target was asked after all. */
  forgetAttempts(): void {
    this.attempts = NONE;
  }

  /** The target's headers have come: from now on its client is pinned to it, if a cookie does that. */
  pinToTarget(): void {
    if (this.pinCookie !== null) this.addResponseHeader("set-cookie", this.pinCookie);
  }

  /** Puts a header of sluice's own on the answer. */
  addResponseHeader(name: string, value: string): void {
    (this.extraResponseHeaders ??= []).push([name, value]);
  }
}
