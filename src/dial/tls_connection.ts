import type { TargetTls } from "../certificates/target_tls.ts";

/** Handshakes with one target that may hang at a time: each holds a descriptor until the target closes it. */
export const MOST_STUCK = 32;

/** The platform's name for a server name apart from the address that is connected to. Private. */
const SERVER_NAME = Symbol.for("unstableServerName");

/**
 * Handshakes that were given up and that the platform can't close: their descriptor is held until the target does
 * something.
 */
export class StuckHandshakes {
  count = 0;

  /** No more may begin. */
  get full(): boolean {
    return this.count >= MOST_STUCK;
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
    super(`${MOST_STUCK} handshakes with the target hang, and sluice begins no more until one ends`);
  }
}

/**
 * Connects to an address and makes the handshake. Rejects as the platform does, with `TooManyStuck`, or with the
 * signal's reason. The handshake is HTTP/1.1's (ALPN). A handshake that outlasts the signal is counted as stuck until
 * it ends.
 */
export async function connectWithTls(
  { address, port, tls }: { readonly address: string; readonly port: number; readonly tls: TargetTls },
  { signal, stuck }: { readonly signal: AbortSignal; readonly stuck: StuckHandshakes },
): Promise<Deno.TlsConn> {
  if (stuck.full) throw new TooManyStuck();
  const plain = tls.client === null ? await Deno.connect({ hostname: address, port, signal }) : null;
  const handshake = plain === null ? connected(address, port, tls) : shaken(plain, tls);
  const given = Promise.withResolvers<never>();
  const giveUp = () => {
    stuck.count++;
    handshake.then((late) => late.close(), () => {}).finally(() => stuck.count--);
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
