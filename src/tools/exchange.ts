/** What a load test sends, every time the same. */
export interface LoadRequest {
  /** `http:` or `https:`. */
  readonly url: URL;
  /** In upper case. */
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  /** A connection of its own for each request. */
  readonly fresh: boolean;
}

/** One lane of a load test: a connection that carries one exchange at a time. */
export interface Exchange {
  /** Status of the last answer. */
  readonly status: number;
  /** Who gave the last answer, if it says so. */
  readonly servedBy: string | null;
  /** Connects ahead of the first request, if that makes sense. */
  open(): Promise<void>;
  /** Sends the request and reads the whole response. Rejects if either fails. */
  run(): Promise<void>;
  /** Breaks off what is running (its `run` rejects); the next `run` starts anew. */
  abort(): void;
  close(): void;
}

/** Why a request got no answer, or not a good one. */
export type LoadError = "timeout" | "connect" | "broken" | "status";

/** Marks a failure that came before anything could be sent. */
export class ConnectFailed extends Error {
  override readonly name = "ConnectFailed";
}

/** Names the failure of an exchange that was not broken off by a deadline. */
export function classify(error: unknown): LoadError {
  return error instanceof ConnectFailed ? "connect" : "broken";
}

/** Says whether an answer with this status counts as good: the request was understood and served. */
export function isGood(status: number): boolean {
  return status >= 200 && status < 400;
}

const IDENTITY = /^\s*\{\s*"server"\s*:\s*"([^"\\]{1,64})"/;

/** Finds the identity with which a JSON body begins: `{"server": "mock-8081", ...`. */
export function identityIn(bodyStart: string): string | null {
  return IDENTITY.exec(bodyStart)?.[1] ?? null;
}
