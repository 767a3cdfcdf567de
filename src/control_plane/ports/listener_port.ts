import type { ListenerConfig } from "../../config/model.ts";
import { connectTcp } from "../../dial/connect_tcp.ts";
import { whyNotListening } from "../../dial/listen_error.ts";
import { type Clock, delay } from "../../time/clock.ts";
import { withTimeout } from "../../time/with_timeout.ts";

/** A port is in use: one line for the user, and exit code 1. */
export class PortTaken extends Error {}

/**
 * Longest wait for a connection to the own port: a listener whose queue is full completes none, but listens all the
 * same.
 */
const TRY_MS = 500;
/** How long to wait for another process that is starting on the same port, and how often to look. */
const STARTING_MS = 1_000;
const LOOK_MS = 50;
/** LISTENER_PORT=0 takes one of these: below the range of outgoing connections (ip_local_port_range). */
const LOWEST_FREE = 11_000;
const HIGHEST_FREE = 32_000;
const MOST_TRIES = 1_000;

/** The variable of a port on which clients connect. */
export type PortVariable = "LISTENER_PORT" | "LISTENER_TLS_PORT";

/** Makes the error of a port that can't be listened on. */
export function portTaken(
  { host, port, variable }: { readonly host: string; readonly port: number; readonly variable: PortVariable },
  why: string,
): PortTaken {
  return new PortTaken(`Cannot listen on "${host}:${port}" (LISTENER_HOST, ${variable}): ${why}`);
}

/** A port that this process may open. */
export interface PortClaim {
  readonly port: number;
  /** Releases the claim: the listener is open, or the start has failed. */
  release(): void;
}

/**
 * Claims the listener's port (LISTENER_PORT=0: a free one) without opening it: if it were open, the system would accept
 * connections that no worker serves yet, and reset them when the workers open it. The workers open it with
 * SO_REUSEPORT, which would silently share it with another sluice. So sluice first tries to connect: if that succeeds,
 * the port is in use. If two processes start at once, the one that gets the UDP port of the same number wins; it keeps
 * that until its listener is open. If another program uses the UDP port (for HTTP/3), the start takes a second longer
 * and can't tell two starting processes apart. LISTENER_TAKEOVER=true shares the port on purpose and claims nothing.
 */
export async function claimListenerPort(
  { host, port, takeover }: Pick<ListenerConfig, "host" | "takeover"> & { readonly port: number },
  { clock, random, variable = "LISTENER_PORT" }: {
    readonly clock: Clock;
    /** Uniform in [0, 1). */
    readonly random: () => number;
    readonly variable?: PortVariable;
  },
): Promise<PortClaim> {
  const taken = (why: string) => portTaken({ host, port, variable }, why);
  if (port === 0) {
    try {
      return claimFreePort(host, random);
    } catch (error) {
      throw taken(whyNotListening(error));
    }
  }
  if (takeover) return { port, release() {} };
  const untilMs = clock.monotonicMs() + STARTING_MS;
  for (;;) {
    if (await accepts(host, port, clock)) throw taken("the port is taken");
    const lock = lockPort(host, port);
    if (lock !== null) return { port, release: once(() => lock.close()) };
    if (clock.monotonicMs() >= untilMs) return { port, release() {} };
    await delay(clock, LOOK_MS);
  }
}

/** Tells whether a listener accepts connections at an address, or would if its queue were not full. */
export async function accepts(host: string, port: number, clock: Clock): Promise<boolean> {
  const hostname = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  using timeout = withTimeout(clock, TRY_MS);
  try {
    (await connectTcp({ hostname, port }, { clock, signal: timeout.signal })).close();
    return true;
  } catch {
    return timeout.passed;
  }
}

/**
 * Claims a port that is free now. It is one that Linux does not give to outgoing connections by itself: one of those
 * could take it before the listener is open.
 */
function claimFreePort(hostname: string, random: () => number): PortClaim {
  for (let tries = 1;; tries++) {
    const port = LOWEST_FREE + Math.floor(random() * (HIGHEST_FREE - LOWEST_FREE));
    try {
      Deno.listen({ hostname, port }).close();
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse) || tries >= MOST_TRIES) throw error;
      continue;
    }
    const lock = lockPort(hostname, port);
    if (lock !== null) return { port, release: once(() => lock.close()) };
  }
}

/** Holds the UDP port of that number; null if it is in use. */
function lockPort(hostname: string, port: number): { close(): void } | null {
  try {
    return Deno.listenDatagram({ transport: "udp", hostname, port });
  } catch (error) {
    // Another error of the UDP port says nothing about the TCP port: opening that reports what is wrong.
    return error instanceof Deno.errors.AddrInUse ? null : { close() {} };
  }
}

function once(run: () => void): () => void {
  let done = false;
  return () => {
    if (!done) run();
    done = true;
  };
}
