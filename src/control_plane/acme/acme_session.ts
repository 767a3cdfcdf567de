import type { AccountKey } from "./account_key.ts";

/** How often a request is signed again because its nonce was refused: directories refuse some on purpose. */
const MOST_NONCES = 10;

/** What a directory offers (RFC 8555 section 7.1.1). */
export interface Directory {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  readonly meta?: { readonly termsOfService?: string; readonly externalAccountRequired?: boolean };
}

/** A directory's response to a signed request. */
export interface AcmeResponse {
  readonly status: number;
  /** The resource's own URL, where one was made; else empty. */
  readonly location: string;
  /** From Retry-After, ms; null if there is none. */
  readonly retryAfterMs: number | null;
  readonly text: string;
}

/** Sends one HTTP request; rejects if no response came. The signal is the caller's to make. */
export type Send = (url: string, init?: RequestInit) => Promise<Response>;

/** Why an order got no further, in words. */
export class AcmeError extends Error {
  /** The problem's type without its prefix (`rateLimited`), if the directory told one. */
  readonly type: string | null;
  /** When to come back, ms from now; null if the directory did not say. */
  readonly retryAfterMs: number | null;

  constructor(
    message: string,
    { type = null, retryAfterMs = null }: Partial<Pick<AcmeError, "type" | "retryAfterMs">> = {},
  ) {
    super(message);
    this.type = type;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Signed requests to one directory, for one account: nonces, problems and dates. */
export class AcmeSession {
  readonly directory: Directory;
  readonly #key: AccountKey;
  readonly #send: Send;
  readonly #nowMs: () => number;
  /** The account's URL, once it is known. */
  keyId: string | null = null;
  #nonce: string | null = null;

  private constructor(directory: Directory, parts: { key: AccountKey; send: Send; nowMs: () => number }) {
    this.directory = directory;
    this.#key = parts.key;
    this.#send = parts.send;
    this.#nowMs = parts.nowMs;
  }

  /** Reads the directory. @param parts `nowMs` is the wall's clock, for dates in Retry-After. */
  static async open(
    url: string,
    parts: { readonly key: AccountKey; readonly send: Send; readonly nowMs: () => number },
  ): Promise<AcmeSession> {
    const response = await parts.send(url);
    const text = await response.text();
    if (response.status !== 200) {
      throw problemOf(text, { status: response.status, retryAfterMs: null, what: "The directory" });
    }
    const directory = parsed(text) as Directory;
    for (const name of ["newNonce", "newAccount", "newOrder"] as const) {
      if (typeof directory[name] !== "string") {
        throw new AcmeError(`${url} is not an ACME directory: it has no ${name}`);
      }
    }
    return new AcmeSession(directory, parts);
  }

  /** Sends a signed request; a null payload reads a resource. Throws `AcmeError` if it is refused. */
  async post(url: string, payload: unknown, what: string): Promise<AcmeResponse> {
    for (let tries = 1;; tries++) {
      const nonce = this.#nonce ?? await this.#newNonce();
      this.#nonce = null;
      const body = await this.#key.sign(payload, { url, nonce, keyId: this.keyId });
      const headers = { "content-type": "application/jose+json" };
      const response = await this.#send(url, { method: "POST", headers, body });
      this.#nonce = response.headers.get("replay-nonce");
      const text = await response.text();
      const retryAfterMs = retryAfter(response.headers.get("retry-after"), this.#nowMs());
      if (response.status < 400) {
        return { status: response.status, location: response.headers.get("location") ?? "", retryAfterMs, text };
      }
      const problem = problemOf(text, { status: response.status, retryAfterMs, what });
      if (problem.type !== "badNonce" || tries >= MOST_NONCES) throw problem;
    }
  }

  /** As {@linkcode post}, for a resource that is JSON. */
  async postJson<T>(
    url: string,
    payload: unknown,
    what: string,
  ): Promise<{ readonly value: T; readonly response: AcmeResponse }> {
    const response = await this.post(url, payload, what);
    return { value: parsed(response.text) as T, response };
  }

  async #newNonce(): Promise<string> {
    const response = await this.#send(this.directory.newNonce, { method: "HEAD" });
    await response.body?.cancel();
    const nonce = response.headers.get("replay-nonce");
    if (nonce === null) throw new AcmeError(`The directory gave no nonce (status ${response.status})`);
    return nonce;
  }
}

/** Reads Retry-After: seconds, or a date (RFC 9110 section 10.2.3). */
export function retryAfter(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  const ms = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}

function problemOf(
  text: string,
  { status, retryAfterMs, what }: { status: number; retryAfterMs: number | null; what: string },
): AcmeError {
  const { type, detail, subproblems } = parsed(text) as Problem;
  const name = typeof type === "string" ? type.replace("urn:ietf:params:acme:error:", "") : null;
  const parts = [detail, ...(Array.isArray(subproblems) ? subproblems.map((each) => each?.detail) : [])];
  const words = parts.filter((each) => typeof each === "string").join("; ") || `status ${status}`;
  const refused = name === null ? words : `${words} (${name})`;
  return new AcmeError(`${what} was refused: ${refused.slice(0, 500)}`, { type: name, retryAfterMs });
}

interface Problem {
  readonly type?: unknown;
  readonly detail?: unknown;
  readonly subproblems?: readonly ({ readonly detail?: unknown } | null)[];
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
