import type { Clock } from "../../time/clock.ts";
import { withTimeout } from "../../time/with_timeout.ts";
import { AcmeError } from "./acme_error.ts";
import type { Send } from "./acme_session.ts";

/** A directory that says nothing for so long is down. */
const TIMEOUT_MS = 30_000;
/** Certificates with their chains have a few KB. */
const MOST_BYTES = 1024 * 1024;

/** Makes the way to a directory. @param authority Root of a private one, PEM; null for the platform's own roots. */
export function makeSend(clock: Clock, authority: string | null): Send {
  const client = Deno.createHttpClient(authority === null ? {} : { caCerts: [authority] });
  return async (url, init = {}) => {
    using timeout = withTimeout(clock, TIMEOUT_MS);
    const { host } = new URL(url);
    try {
      const response = await fetch(url, { ...init, client, redirect: "manual", signal: timeout.signal });
      const { status, headers } = response;
      if (status >= 300 && status < 400) {
        await response.body?.cancel();
        throw new AcmeError(`The directory at ${host} can't be used: it redirects, and sluice does not follow`);
      }
      // Read here, while the time limit holds.
      return new Response(await bodyOf(response, host), { status, headers });
    } catch (error) {
      if (error instanceof AcmeError) throw error;
      if (timeout.passed) {
        throw new AcmeError(`The directory at ${host} did not respond within ${TIMEOUT_MS / 1000} s`);
      }
      throw new AcmeError(`The directory at ${host} can't be reached: ${causeOf(error)}`);
    }
  };
}

async function bodyOf({ body }: Response, host: string): Promise<Blob | null> {
  if (body === null) return null;
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  // Leaving the loop cancels the rest.
  for await (const piece of body) {
    length += piece.length;
    if (length > MOST_BYTES) throw new AcmeError(`The directory at ${host} sent more than 1 MB`);
    pieces.push(piece);
  }
  return length === 0 ? null : new Blob(pieces);
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause ?? error : error;
  const text = cause instanceof Error ? cause.message : String(cause);
  return /certificate (expired|not valid yet)/.test(text) ? `${text} (is this machine's clock right?)` : text;
}
