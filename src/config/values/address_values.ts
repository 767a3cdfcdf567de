import ipaddr from "ipaddr.js";
import { Refusal, type ValueKind } from "./value_kind.ts";

/** Each label begins and ends with a letter, a digit or `_`, which container tools put into names. */
const HOST_NAME = /^(?=.{1,254}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/;

/**
 * Parses a host name or address (IPv6 with or without brackets) and writes it in one form: lower case, IPv6 compressed
 * and without brackets; null if it is neither. `127.1` and `0x7f.0.0.1` are refused, because resolvers don't agree on
 * them.
 */
export function parseHost(text: string): string | null {
  const bracketed = /^\[(.*)\]$/.exec(text);
  const bare = bracketed?.[1] ?? text;
  if (bracketed !== null || bare.includes(":")) {
    return ipaddr.IPv6.isValid(bare) && !bare.includes("%") ? ipaddr.IPv6.parse(bare).toString() : null;
  }
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return bare;
  const lower = bare.toLowerCase();
  const lastLabel = lower.replace(/\.$/, "").split(".").at(-1) ?? "";
  // The URL standard reads a name that ends in a number as an IPv4 address
  // (https://url.spec.whatwg.org/#ends-in-a-number-checker)
  if (/^(\d+|0x[0-9a-f]*)$/.test(lastLabel)) return null;
  return HOST_NAME.test(lower) ? lower : null;
}

/** Writes `host:port`, with brackets around an IPv6 address. */
export function formatHostPort(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Tells whether a host is this machine's loopback: 127.0.0.0/8, ::1 or `localhost`. */
export function isLoopback(host: string): boolean {
  if (host === "localhost" || host.endsWith(".localhost")) return true;
  return ipaddr.isValid(host) && ipaddr.process(host).range() === "loopback";
}

/** Tells whether a host stands for every address of this machine: 0.0.0.0 or ::. */
export function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/** A host name or address to listen on. */
export const HOST: ValueKind<string> = {
  words: "address or host name",
  parse: (text) => parseHost(text) ?? new Refusal("a host name, an IPv4 or an IPv6 address"),
  format: String,
};

/** A host with an optional port, as in a Host header. */
export const HOST_HEADER: ValueKind<string> = {
  words: "host or host:port",
  parse: (text) => {
    const match = /^(\[[^\]]*\]|[^:]*)(:\d{1,5})?$/.exec(text);
    const host = match === null ? null : parseHost(match[1]!);
    const port = Number(match?.[2]?.slice(1) ?? 1);
    if (host === null || port < 1 || port > 65535) {
      return new Refusal("host or host:port, as a Host header has it, an IPv6 address in brackets");
    }
    return match?.[2] === undefined ? (host.includes(":") ? `[${host}]` : host) : formatHostPort(host, port);
  },
  format: String,
};

/** A range of addresses: a CIDR, or one address. */
export const CIDR: ValueKind<string> = {
  words: "CIDR",
  parse: (text) => {
    const refusal = new Refusal("addresses or CIDRs such as 10.0.0.0/8 or fd00::/8");
    const [address, length, ...more] = text.split("/");
    const host = parseHost(address!);
    if (host === null || more.length > 0 || !ipaddr.isValid(host)) return refusal;
    const bits = host.includes(":") ? 128 : 32;
    if (length === undefined) return `${host}/${bits}`;
    return /^\d{1,3}$/.test(length) && Number(length) <= bits ? `${host}/${Number(length)}` : refusal;
  },
  format: String,
};

/** A name server's address and port; the port defaults to 53. */
export const NAME_SERVER: ValueKind<{ readonly address: string; readonly port: number }> = {
  words: "address:port",
  parse: (text) => {
    const refusal = new Refusal("address:port such as 10.0.0.2:53 or [fd00::2]:53");
    const match = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(text);
    const address = match === null ? null : parseHost(match[1]!);
    const port = Number(match?.[2] ?? 53);
    if (address === null || !ipaddr.isValid(address) || port < 1 || port > 65535) return refusal;
    return { address, port };
  },
  format: (server) => formatHostPort(server.address, server.port),
};
