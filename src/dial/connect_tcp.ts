import type { Clock } from "../time/clock.ts";

/**
 * How long a connection that nobody waits for any more may still be made, ms. Most are made in less, and the system
 * tries again after a second.
 */
const LATE_MS = 500;

/**
 * Connects to an address. Rejects as the platform does, or with the signal's reason as soon as it aborts. If the
 * platform is told to give up in the turn of the event loop in which the connection is made, it loses the connection,
 * which then stays open for ever. So it is told later, and a connection that is made until then is closed.
 */
export function connectTcp(
  address: { readonly hostname: string; readonly port: number },
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Deno.TcpConn> {
  if (signal.aborted) return Promise.reject(signal.reason);
  const late = new AbortController();
  const connecting = Deno.connect({ ...address, signal: late.signal });
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      const cancel = clock.after(LATE_MS, () => late.abort());
      connecting.then((conn) => conn.close(), () => {}).finally(cancel);
      reject(signal.reason);
    };
    signal.addEventListener("abort", giveUp);
    const settle = () => signal.removeEventListener("abort", giveUp);
    connecting.then((conn) => {
      settle();
      if (!signal.aborted) resolve(conn);
    }, (error) => {
      settle();
      reject(error);
    });
  });
}
