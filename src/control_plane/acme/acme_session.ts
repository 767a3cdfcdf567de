import type { z } from "zod";
import type { AccountKey } from "./account_key.ts";
import { AcmeError } from "./acme_error.ts";
import { DIRECTORY, type Directory, readMessage, refusalOf } from "./acme_messages.ts";

/** How often a request is signed again because its nonce was refused: directories refuse some on purpose. */
const MOST_NONCES = 10;

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
    if (response.status !== 200) throw refused(response, text, { what: "The directory", nowMs: parts.nowMs() });
    return new AcmeSession(readMessage(text, DIRECTORY, `${url} is not an ACME directory`), parts);
  }

  /** Sends a signed request; a null payload reads a resource. Throws `AcmeError` if it is refused. */
  async post(url: string, payload: unknown, what: string): Promise<AcmeResponse> {
    for (let tries = 1;; tries++) {
      checkUrl(url, what);
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
      const problem = refusalOf(text, { status: response.status, retryAfterMs, what });
      if (problem.type !== "badNonce" || tries >= MOST_NONCES) throw problem;
    }
  }

  /** As {@linkcode post}, for a resource that is JSON. */
  async postJson<T>(
    url: string,
    payload: unknown,
    { what, schema }: { readonly what: string; readonly schema: z.ZodType<T> },
  ): Promise<{ readonly value: T; readonly response: AcmeResponse }> {
    const response = await this.post(url, payload, what);
    return { value: readMessage(response.text, schema, what), response };
  }

  async #newNonce(): Promise<string> {
    const url = this.directory.newNonce;
    checkUrl(url, "The nonce");
    const response = await this.#send(url, { method: "HEAD" });
    await response.body?.cancel();
    if (response.status >= 400) throw refused(response, "", { what: "The nonce", nowMs: this.#nowMs() });
    const nonce = response.headers.get("replay-nonce");
    if (nonce === null) throw new AcmeError(`The directory gave no nonce (status ${response.status})`);
    return nonce;
  }
}

/** RFC 8555 section 6.1: a directory names URLs with https alone. */
function checkUrl(url: string, what: string): void {
  if (URL.canParse(url) && new URL(url).protocol === "https:") return;
  throw new AcmeError(`${what}: the directory gave no https URL for it`);
}

function refused(
  { status, headers }: Response,
  text: string,
  { what, nowMs }: { readonly what: string; readonly nowMs: number },
): AcmeError {
  return refusalOf(text, { status, retryAfterMs: retryAfter(headers.get("retry-after"), nowMs), what });
}

/** Longest wait that a directory is believed. Those of Let's Encrypt are a week at most. */
const LONGEST_RETRY_AFTER_MS = 7 * 86_400_000;

/** Reads Retry-After: seconds, or a date (RFC 9110 section 10.2.3); at most a week. */
export function retryAfter(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  const ms = /^\d{1,15}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isNaN(ms) ? null : Math.min(Math.max(0, ms), LONGEST_RETRY_AFTER_MS);
}
