import type { CertificatePair } from "../../certificates/certificate_pair.ts";
import { ServedNames } from "../../certificates/served_names.ts";
import type { Acceptor, SecureConn } from "../acceptor.ts";
import { NamesAcceptor } from "./names_acceptor.ts";
import { platformSockets } from "./platform_sockets.ts";

/** The platform's name for a function that chooses a certificate by the name that a client asks for. Private. */
const SNI_RESOLVER = Symbol.for("unstableSniResolver");
/**
 * The platform remembers each name that it was asked for, and never forgets one: after so many, the listener is opened
 * again.
 */
const MOST_NAMES = 10_000;

/** How a port is opened with TLS. */
export interface TlsPort {
  readonly hostname: string;
  readonly port: number;
  /** At least one; the first is served for names that no certificate has, and to clients that name none. */
  readonly pairs: readonly CertificatePair[];
  /** Offer HTTP/2 (ALPN, RFC 7301). */
  readonly http2: boolean;
  /** So many names were asked for that the listener should be opened again. Called once. */
  onManyNames(): void;
}

/**
 * Listens with TLS 1.2 and 1.3; threads share the port. With several certificates, sockets serve that can choose one
 * whatever pieces a client's first message comes in.
 */
export function listenTls({ hostname, port, pairs, http2, onManyNames }: TlsPort): Acceptor<SecureConn> {
  const alpnProtocols = http2 ? ["h2", "http/1.1"] : ["http/1.1"];
  const shared = { hostname, port, reusePort: true, alpnProtocols };
  const [first] = pairs;
  if (pairs.length === 1) return Deno.listenTls({ ...shared, cert: first!.certificate, key: first!.key });
  if (platformSockets !== null) {
    const listen = () => Deno.listen({ hostname, port, reusePort: true });
    return new NamesAcceptor(listen, { pairs, protocols: alpnProtocols, sockets: platformSockets });
  }
  const names = new ServedNames(pairs);
  let asked = 0;
  const resolve = (name: string) => {
    if (++asked === MOST_NAMES) onManyNames();
    const pair = pairs[Math.max(0, names.find(name))]!;
    return Promise.resolve({ cert: pair.certificate, key: pair.key });
  };
  const options = { ...shared, [SNI_RESOLVER]: resolve };
  // The platform takes a resolver in place of a certificate; its types don't say so.
  return Reflect.apply(Deno.listenTls, undefined, [options]);
}
