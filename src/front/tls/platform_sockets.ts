/**
 * A trick on the platform: TLS on a TCP connection that was accepted before, by the sockets of `node:tls`. The way to a
 * certificate for each name that `Deno.listenTls` has (`unstableSniResolver`) fails a handshake whose first message
 * (ClientHello) does not arrive in one piece, with "operation would block". Browsers' are longer than a packet since
 * they offer post-quantum keys, so over a slow link most of their handshakes fail there.
 *
 * Cost, CPU time per small request on kept connections beside that listener: 19 us against 10; for 64 KB 55 against 60,
 * and no wait of 40 ms for a client's acknowledgement, since these sockets can switch Nagle's algorithm off (Deno
 * 2.9.6). {@linkcode platformSockets} looks for what is used; where that is missing, the resolver has to do.
 */
import process from "node:process";
import type { Socket } from "node:net";
import type { SecureContext, TLSSocket } from "node:tls";
import type { CertificatePair } from "../../certificates/certificate_pair.ts";

/** Makes TLS sockets of accepted connections. */
export interface PlatformSockets {
  /** What is served with a certificate. Throws if the platform can't use it. */
  context(pair: CertificatePair): SecureContext;
  /**
   * Begins a handshake as the server. The socket uses the connection, and does not close it. Throws if it is gone.
   *
   * @param first Served to clients that name no server. @param choose Gives what is served for a name. @param protocols
   * Offered to clients that ask (ALPN, RFC 7301), the best first.
   */
  secure(
    conn: Deno.TcpConn,
    { first, choose, protocols }: {
      readonly first: SecureContext;
      choose(name: string): SecureContext;
      readonly protocols: readonly string[];
    },
  ): TLSSocket;
}

/** The system's socket below a `net.Socket`. */
interface Handle {
  /** Takes over one of Deno's connections; 0 if that went well. */
  openFromRid(resource: number): number;
}

/** Null if this platform lacks what is needed. */
export const platformSockets: PlatformSockets | null = probe();

function probe(): PlatformSockets | null {
  const Handle = handleClass();
  if (Handle === null) return null;
  const tls = process.getBuiltinModule("node:tls");
  const net = process.getBuiltinModule("node:net");
  return {
    context: ({ certificate, key }) => tls.createSecureContext({ cert: certificate, key }),
    secure(conn, { first, choose, protocols }) {
      const resource = resourceOf(conn);
      const handle = new Handle(0);
      if (resource === null || handle.openFromRid(resource) !== 0) throw new Error("The connection is gone");
      const options = { handle, allowHalfOpen: true };
      const socket: Socket = Reflect.construct(net.Socket, [options]);
      return new tls.TLSSocket(socket, {
        isServer: true,
        secureContext: first,
        SNICallback: (name, done) => done(null, choose(name)),
        ALPNProtocols: [...protocols],
      });
    },
  };
}

function handleClass(): (new (kind: number) => Handle) | null {
  if (typeof process.getBuiltinModule !== "function") return null;
  try {
    const binding: unknown = Reflect.get(process, "binding");
    if (typeof binding !== "function") return null;
    const { TCP } = Reflect.apply(binding, process, ["tcp_wrap"]);
    return typeof TCP?.prototype?.openFromRid === "function" ? TCP : null;
  } catch {
    return null;
  }
}

function resourceOf(conn: Deno.TcpConn): number | null {
  const symbol = Object.getOwnPropertySymbols(conn).find(({ description }) => description === "Deno.internal.rid");
  const resource: unknown = symbol === undefined ? null : Reflect.get(conn, symbol);
  return typeof resource === "number" ? resource : null;
}
