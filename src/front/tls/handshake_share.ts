/** The share of handshakes as long as nothing limits a worker's connections. */
const UNLIMITED_SHARE = 1_000;
/** A handshake that takes longer than this may never end; so long take those of a few hundred clients at once. */
export const SLOW_HANDSHAKE_MS = 250;

/**
 * Tells whether slow handshakes hold so many of a worker's connections that its thread should end, which closes them:
 * half of the worker's share. `most`: connections that it may have; `Infinity` if that is not known.
 */
export function holdsHalf(slowHandshakes: number, most: number): boolean {
  return slowHandshakes > 0 && slowHandshakes >= Math.min(most, UNLIMITED_SHARE) / 2;
}
