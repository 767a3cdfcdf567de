/**
 * Gives `fetch` an abort signal without what the platform does with its `signal` option: for each request it derives a
 * second signal, ties the two by two weak references and two sets, and registers the pair for finalization. All of that
 * reaches the old generation, whatever the request's length: 3 to 7 % of a request's cost (docs/performance.md).
 *
 * A `fetch` asks its own `Request` for its signal, by the public property, before it returns. So during the call, and only
 * then, that property answers with the signal that is lent. Whether a platform's `fetch` asks there is tried once; where it
 * does not, the option is used. So it is where spans are collected: the trial would be one, and a `fetch` that is given up
 * calls its span an error only where it knows the signal as its own.
 */
import { emitsSpans } from "../tracing/emits_spans.ts";

const { prototype } = Request;
const descriptor = Object.getOwnPropertyDescriptor(prototype, "signal");
let lent: AbortSignal | null = null;
let taken = false;

type Init = RequestInit & { client?: Deno.HttpClient };

/** Calls `fetch`, which is given up when `signal` is aborted: then it rejects, and what it rejects with does not matter. */
export const fetchUntil: (url: string, init: Init, signal: AbortSignal) => Promise<Response> = canLend()
  ? (url, init, signal) => {
    lent = signal;
    try {
      return fetch(url, init);
    } finally {
      lent = null;
    }
  }
  : (url, init, signal) => fetch(url, { ...init, signal });

/** Puts the property in place, and tries whether `fetch` reads it. */
function canLend(): boolean {
  const own = descriptor?.get;
  if (own === undefined || descriptor?.configurable !== true || emitsSpans()) return false;
  Object.defineProperty(prototype, "signal", {
    ...descriptor,
    get(this: Request): AbortSignal {
      if (lent === null) return own.call(this);
      taken = true;
      return lent;
    },
  });
  lent = AbortSignal.abort();
  // Rejects at once, and asks nobody: its signal is aborted already.
  fetch("data:,").catch(() => {});
  lent = null;
  if (!taken) Object.defineProperty(prototype, "signal", descriptor);
  return taken;
}
