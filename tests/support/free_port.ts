import { join } from "node:path";
import { tmpdir } from "node:os";

/**
 * Below what Linux gives out by itself, to listeners on port 0 and to outgoing connections, and above the ports that
 * `fetch` refuses.
 */
const LOWEST = 11_000;
const HIGHEST = 32_000;

/** Where all test threads, and the runs beside this one, read which port the last of them got. */
const LAST_PORT_FILE = join(tmpdir(), `sluice-tests-last-port-${Deno.uid() ?? 0}`);

/**
 * Finds a loopback port that nothing listens on, and that the system does not give out by itself. For programs that
 * can't listen on port 0 and report the port, and for addresses that must not respond. A port comes again only after
 * all others, so that no two tests at once can be given the same one before its program listens.
 */
export function freePort(hostname = "127.0.0.1"): number {
  for (;;) {
    const port = nextPort();
    try {
      Deno.listen({ hostname, port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

/** Counts on in the file, which is locked meanwhile. */
function nextPort(): number {
  using file = Deno.openSync(LAST_PORT_FILE, { read: true, write: true, create: true });
  file.lockSync(true);
  const bytes = new Uint8Array(16);
  const last = Number(new TextDecoder().decode(bytes.subarray(0, file.readSync(bytes) ?? 0)));
  const next = last >= LOWEST && last < HIGHEST - 1 ? last + 1 : LOWEST;
  file.seekSync(0, Deno.SeekMode.Start);
  file.writeSync(new TextEncoder().encode(String(next)));
  return next;
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
