import type { Clock } from "../../time/clock.ts";
import { withTimeout } from "../../time/with_timeout.ts";
import { AcmeError, type Send } from "./acme_session.ts";

/** A directory that says nothing for so long is down. */
const TIMEOUT_MS = 30_000;

/** Makes the way to a directory. @param authority Root of a private one, PEM; null for the platform's own roots. */
export function makeSend(clock: Clock, authority: string | null): Send {
  const client = Deno.createHttpClient(authority === null ? {} : { caCerts: [authority] });
  return async (url, init = {}) => {
    using timeout = withTimeout(clock, TIMEOUT_MS);
    try {
      const response = await fetch(url, { ...init, client, redirect: "error", signal: timeout.signal });
      // Read here, while the time limit holds.
      const bytes = await response.bytes();
      const body = bytes.length === 0 ? null : bytes;
      return new Response(body, { status: response.status, headers: response.headers });
    } catch (error) {
      const { host } = new URL(url);
      if (timeout.passed) {
        throw new AcmeError(`The directory at ${host} did not respond within ${TIMEOUT_MS / 1000} s`);
      }
      throw new AcmeError(`The directory at ${host} can't be reached: ${causeOf(error)}`);
    }
  };
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause ?? error : error;
  return cause instanceof Error ? cause.message : String(cause);
}
