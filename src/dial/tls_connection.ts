import type { TargetTls } from "../certificates/target_tls.ts";
import type { Clock } from "../time/clock.ts";
import { connectTcp } from "./connect_tcp.ts";

/** Handshakes with one target at a time. One that hangs holds a descriptor until the target closes it. */
export const MOST_HANDSHAKES = 32;

/** The platform's name for a server name apart from the address that is connected to. Private. */
const SERVER_NAME = Symbol.for("unstableServerName");

/**
 * The handshakes with one target. The platform can't close one that is given up: its descriptor is held until the
 * target does something. So only so many may be under way, those that hang among them, and others wait for their turn.
 */
export class TargetHandshakes {
  /** Handshakes that were given up, and hang. */
  stuck = 0;
  #underWay = 0;
  /** The first waits longest. */
  readonly #waiting = new Set<() => void>();

  get allHang(): boolean {
    return this.stuck >= MOST_HANDSHAKES;
  }

  /** Takes a place; waits for one. Rejects with `TooManyStuck` if all hang, or with the signal's reason. */
  async enter(signal: AbortSignal): Promise<void> {
    if (this.allHang) throw new TooManyStuck();
    signal.throwIfAborted();
    if (this.#underWay < MOST_HANDSHAKES) {
      this.#underWay++;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = () => {
      this.#waiting.delete(resolve);
      reject(signal.reason);
    };
    this.#waiting.add(resolve);
    signal.addEventListener("abort", giveUp);
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  /** Gives the place to the next one. */
  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#underWay--;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}

/** A connection was made, and its handshake failed: `cause` says how. */
export class HandshakeFailed extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** Thrown without connecting if too many handshakes with the target hang. */
export class TooManyStuck extends Error {
  constructor() {
    super(`${MOST_HANDSHAKES} handshakes with the target hang, and sluice begins no more until one ends`);
  }
}

/**
 * Connects to an address and makes the handshake. Rejects as the platform does, with `TooManyStuck`, or with the
 * signal's reason. The handshake is HTTP/1.1's (ALPN). A handshake that outlasts the signal is counted as stuck until
 * it ends.
 */
export async function connectWithTls(
  { address, port, tls }: { readonly address: string; readonly port: number; readonly tls: TargetTls },
  { clock, signal, handshakes }: {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly handshakes: TargetHandshakes;
  },
): Promise<Deno.TlsConn> {
  if (handshakes.allHang) throw new TooManyStuck();
  const plain = tls.client === null ? await connectTcp({ hostname: address, port }, { clock, signal }) : null;
  try {
    await handshakes.enter(signal);
  } catch (error) {
    plain?.close();
    throw error;
  }
  const handshake = (plain === null ? connected(address, port, tls) : shaken(plain, tls))
    .finally(() => handshakes.leave());
  const given = Promise.withResolvers<never>();
  const giveUp = () => {
    handshakes.stuck++;
    handshake.then((late) => late.close(), () => {}).finally(() => handshakes.stuck--);
    given.reject(signal.reason);
  };
  if (signal.aborted) giveUp();
  else signal.addEventListener("abort", giveUp);
  try {
    return await Promise.race([handshake, given.promise]);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

async function shaken(plain: Deno.TcpConn, { serverName, authorities, checksName }: TargetTls): Promise<Deno.TlsConn> {
  try {
    plain.setNoDelay(true);
  } catch {
    // Broken already: the handshake says so.
  }
  const options = { hostname: serverName, caCerts: [...authorities], ...ALPN, ...(checksName ? {} : ANY_NAME) };
  try {
    return await whole(await Deno.startTls(plain, options));
  } catch (error) {
    throw new HandshakeFailed(error);
  }
}

/** With a certificate to show: `Deno.startTls` shows none, so the platform connects by itself. */
async function connected(address: string, port: number, tls: TargetTls): Promise<Deno.TlsConn> {
  const { serverName, authorities, checksName, client } = tls;
  const options = {
    hostname: address,
    port,
    caCerts: [...authorities],
    cert: client!.certificate,
    key: client!.key,
    [SERVER_NAME]: serverName,
    ...ALPN,
    ...(checksName ? {} : ANY_NAME),
  };
  return await whole(await Deno.connectTls(options));
}

const ALPN = { alpnProtocols: ["http/1.1"] };
/** The chain is checked all the same: the platform can leave out no more than the name. */
const ANY_NAME = { unsafelyDisableHostnameVerification: true };

async function whole(connection: Deno.TlsConn): Promise<Deno.TlsConn> {
  try {
    await connection.handshake();
    return connection;
  } catch (error) {
    try {
      connection.close();
    } catch {
      // The platform has closed it already.
    }
    throw error;
  }
}
