/**
 * Makes the secret that signs cookies where STICKY_SECRET is unset: 256 bits, unguessable, as whoever knows it can
 * choose a client's target. Pins end with the process.
 */
export function makeSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
