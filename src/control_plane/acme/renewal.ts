/** A certificate is renewed when less than this share of its lifetime is left. */
const RENEW_AT = 1 / 3;
/** Replicas and names spread their renewals over this share of the lifetime. */
const JITTER = 1 / 60;
/** After an order that failed: doubling. */
const FIRST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 86_400_000;

/** When a certificate is due to be renewed, ms since 1970. @param jitter In [0, 1). */
export function renewalAt(
  { notBeforeMs, notAfterMs }: { readonly notBeforeMs: number; readonly notAfterMs: number },
  jitter: number,
): number {
  const lifetimeMs = notAfterMs - notBeforeMs;
  return notAfterMs - lifetimeMs * RENEW_AT - lifetimeMs * JITTER * jitter;
}

/**
 * How long to wait after `failures` orders in a row that failed, ms: a minute, doubling up to a day, plus up to a
 * quarter, and never less than the directory asked for. @param jitter In [0, 1).
 */
export function waitAfter(failures: number, retryAfterMs: number | null, jitter: number): number {
  const waitMs = Math.min(FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 30), LONGEST_WAIT_MS);
  return Math.max(waitMs * (1 + jitter / 4), retryAfterMs ?? 0);
}
