/**
 * Below what Linux gives out by itself, to listeners on port 0 and to outgoing connections, and above the ports that
 * `fetch` refuses.
 */
const LOWEST = 11_000;
const HIGHEST = 32_000;

/**
 * Finds a loopback port that nothing listens on, and that the system does not give out by itself. For programs that
 * can't listen on port 0 and report the port, and for addresses that must not respond.
 */
export function freePort(hostname = "127.0.0.1"): number {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    try {
      Deno.listen({ hostname, port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

/** Tells whether a loopback port accepts connections. */
export async function isListening(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}
