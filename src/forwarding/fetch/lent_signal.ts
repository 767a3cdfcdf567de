/**
 * A trick on the platform: gives `fetch` an abort signal without its `signal` option.
 *
 * For each request with that option, the platform derives a second signal, ties the two by weak references and sets,
 * and registers the pair for finalization; all of it reaches the old generation of the heap. But `fetch` reads the
 * signal of its own `Request` by the public property, before it returns. So during the call, and only then, that
 * property returns our signal.
 *
 * {@linkcode canLend} tries once, when this module is loaded, whether `fetch` reads the property. If it does not, the
 * option is used. The option is also used if spans are collected: the trial would become a span, and the platform marks
 * the span of an aborted `fetch` as an error only if it knows the signal itself.
 *
 * Gain: with the option a request costs 3 to 6 % more instructions (344,000 to 357,000 instead of 333,000 to 351,000,
 * `deno task bench:instructions fetch`, Deno 2.9.6).
 */
import { emitsSpans } from "../tracing/emits_spans.ts";

const { prototype } = Request;
const descriptor = Object.getOwnPropertyDescriptor(prototype, "signal");
let lent: AbortSignal | null = null;
let taken = false;

type Init = RequestInit & { client?: Deno.HttpClient };

/** Calls `fetch`, which rejects if `signal` aborts; with what error is not specified. */
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

/** Replaces the property, and tries whether `fetch` reads it; if not, takes the replacement back. */
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
  // Rejects at once, without any I/O: its signal has already aborted.
  fetch("data:,").catch(() => {});
  lent = null;
  if (!taken) Object.defineProperty(prototype, "signal", descriptor);
  return taken;
}
