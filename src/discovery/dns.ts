import { isIP } from "node:net";
import type { DnsConfig } from "../config/model.ts";
import type { Clock } from "../time/clock.ts";
import { withTimeout } from "../time/with_timeout.ts";
import { messageOf } from "../logging/message_of.ts";

/** Longest time for a whole lookup (A, and AAAA if needed). */
const LOOKUP_TIMEOUT_MS = 5000;

/** Asks for the addresses of one record type; `Deno.resolveDns` in the program, a script in tests. */
export type ResolveRecord = (
  host: string,
  type: "A" | "AAAA",
  options: { nameServer?: { ipAddr: string; port: number }; signal: AbortSignal },
) => Promise<string[]>;

/** The result of one lookup. */
export type LookupResult =
  /** At least one address, sorted, each once. */
  | { readonly ok: true; readonly addresses: readonly string[] }
  | { readonly ok: false; readonly error: string };

/** Tells whether a host is an address, which needs no lookup. */
export function isAddress(host: string): boolean {
  return isIP(host) !== 0;
}

/** Asks the system's resolver (hosts file first, then DNS), or the configured server. */
export const systemResolve: ResolveRecord = (host, type, options) => Deno.resolveDns(host, type, options);

/** What {@linkcode lookup} needs beside the name. */
export interface LookupOptions {
  readonly dns: DnsConfig;
  readonly resolve: ResolveRecord;
  readonly clock: Clock;
  /** Ends the lookup early: it fails. */
  readonly signal: AbortSignal;
}

/**
 * Resolves a host name by the configured family: `auto` asks for AAAA only if there is no A. Never throws.
 *
 * An error other than "no such records" fails the whole lookup, also under `any`: half a result would drain the targets
 * of the other half. Deno 2.9 reports NXDOMAIN, an empty answer, SERVFAIL and REFUSED all as `NotFound`, so these can't
 * be told apart here; none of them replaces an earlier answer.
 */
export async function lookup(host: string, options: LookupOptions): Promise<LookupResult> {
  if (isAddress(host)) return { ok: true, addresses: [host] };
  const { dns, clock, signal } = options;
  // Its disposal also ends the other query, which may still be open under `any`.
  using timeout = withTimeout(clock, LOOKUP_TIMEOUT_MS, signal);
  const ask = (type: "A" | "AAAA") => addressesOf(host, type, options, timeout.signal);
  try {
    let found: string[];
    if (dns.family === "ipv4") found = await ask("A");
    else if (dns.family === "ipv6") found = await ask("AAAA");
    else if (dns.family === "any") found = (await Promise.all([ask("A"), ask("AAAA")])).flat();
    else {
      found = await ask("A");
      if (found.length === 0) found = await ask("AAAA");
    }
    if (found.length === 0) return { ok: false, error: "no addresses" };
    return { ok: true, addresses: [...new Set(found)].sort() };
  } catch (error) {
    if (timeout.passed) return { ok: false, error: `no answer within ${LOOKUP_TIMEOUT_MS} ms` };
    return { ok: false, error: messageOf(error) };
  }
}

async function addressesOf(
  host: string,
  type: "A" | "AAAA",
  { dns, resolve }: LookupOptions,
  signal: AbortSignal,
): Promise<string[]> {
  const nameServer = dns.server === null ? undefined : { ipAddr: dns.server.address, port: dns.server.port };
  try {
    return await resolve(host, type, { nameServer, signal });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
