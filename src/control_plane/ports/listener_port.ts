import type { ListenerConfig } from "../../config/model.ts";
import { whyNotListening } from "../../dial/listen_error.ts";
import { type Clock, delay } from "../../time/clock.ts";
import { withTimeout } from "../../time/with_timeout.ts";

/** A port could not be had: one line for the user, and exit code 1. */
export class PortTaken extends Error {}

/**
 * Longest wait for a connection to oneself: a listener whose queue is full does not complete one, and is a listener
 * too.
 */
const TRY_MS = 500;
/** How long one waits for another process that is starting on the same port, and how often it is looked at. */
const STARTING_MS = 1_000;
const LOOK_MS = 50;

/** A port that is this process's to open. */
export interface PortClaim {
  readonly port: number;
  /** Lets others claim it: the listener is open, or the start has failed. */
  release(): void;
}

/**
 * Claims the listener's port (LISTENER_PORT=0: a free one) without opening it: the system would accept connections that
 * nobody serves, and reset them when the workers open it. The workers open it with SO_REUSEPORT, which would silently
 * share it with another sluice. So first a connection is tried: whoever accepts it holds the port. Of two that start at
 * once the UDP port of the same number decides, which is held until the listener is open; if something else has that
 * (HTTP/3), nothing is lost but a second and this certainty. LISTENER_TAKEOVER=true shares the port on purpose and
 * claims nothing.
 */
export async function claimListenerPort(
  { host, port, takeover }: Pick<ListenerConfig, "host" | "port" | "takeover">,
  clock: Clock,
): Promise<PortClaim> {
  const taken = (why: string) =>
    new PortTaken(`Cannot listen on "${host}:${port}" (LISTENER_HOST, LISTENER_PORT): ${why}`);
  if (port === 0) {
    try {
      return { port: freePort(host), release() {} };
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

/** Tells whether somebody accepts connections at an address, or would if its queue were not full. */
export async function accepts(host: string, port: number, clock: Clock): Promise<boolean> {
  const hostname = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  using timeout = withTimeout(clock, TRY_MS);
  try {
    (await Deno.connect({ hostname, port, signal: timeout.signal })).close();
    return true;
  } catch {
    return timeout.passed;
  }
}

/** A port that is free now. The system gives it to nobody else soon, and no client knows it yet. */
function freePort(hostname: string): number {
  const listener = Deno.listen({ hostname, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

/** Holds the UDP port of that number; null where somebody has it. */
function lockPort(hostname: string, port: number): { close(): void } | null {
  try {
    return Deno.listenDatagram({ transport: "udp", hostname, port });
  } catch (error) {
    // What forbids the UDP port forbids no TCP port of the same number: opening that says what is wrong.
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
