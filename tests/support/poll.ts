/**
 * How long {@linkcode until} waits before it gives up: long, since a busy machine is slow and a good test never gets
 * there.
 */
const PATIENCE_MS = 20_000;

/**
 * Waits until `condition` gives something other than `undefined`, `null` or `false`, and returns it. A condition that
 * throws ends the wait. After the patience is spent it fails with `message` (a function is asked then, so that it can
 * say what it saw).
 */
export async function until<T>(
  condition: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  message: string | (() => string),
  options: { patienceMs?: number; everyMs?: number } = {},
): Promise<T> {
  const { patienceMs = PATIENCE_MS, everyMs = 10 } = options;
  const end = performance.now() + patienceMs;
  while (true) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > end) {
      throw new Error(waitedFor(message, patienceMs));
    }
    await pause(everyMs);
  }
}

/** Waits for `work`, but fails with `message` after `patienceMs`; a function is asked for it then. */
export async function within<T>(
  work: Promise<T>,
  message: string | (() => string),
  patienceMs = PATIENCE_MS,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(waitedFor(message, patienceMs))), patienceMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits a while. Only for what takes time by itself (a slow target); never to hope that something happened meanwhile.
 */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function waitedFor(message: string | (() => string), patienceMs: number): string {
  return `Waited ${patienceMs} ms for: ${typeof message === "string" ? message : message()}`;
}
