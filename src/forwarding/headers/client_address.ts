import ipaddr from "ipaddr.js";

/** Characters of the longest address that is taken for one: 45, and a zone of an interface's name of up to 15. */
const LONGEST_ADDRESS = 64;
/** Addresses remembered before the memory is emptied: bounds what clients can make sluice keep. */
const REMEMBERED = 4096;

/** What one text turned out to be. */
interface Known {
  /** Its one form; null where it is no address. */
  readonly address: string | null;
  readonly trusted: boolean;
}

/**
 * Knows which peers' `X-Forwarded-For` is believed. A peer in the list can name any client address; no other can. An
 * address is parsed once, not once a request.
 */
export class TrustedProxies {
  readonly #ranges: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][] | null;
  readonly #known = new Map<string, Known>();

  /** @param cidrs TRUSTED_PROXIES, already checked; null where unset. */
  constructor(cidrs: readonly string[] | null) {
    this.#ranges = cidrs === null ? null : cidrs.map(rangeOf);
  }

  /** False where TRUSTED_PROXIES is unset: then headers are kept, and the client's address is the peer's. */
  get configured(): boolean {
    return this.#ranges !== null;
  }

  /** Tells whether an address is in the list. */
  trusts(address: string): boolean {
    return this.#ranges !== null && this.#look(address).trusted;
  }

  /**
   * Finds the client's address: where the peer is trusted, the first address from the right of X-Forwarded-For that is
   * not in the list (the leftmost where all are); else the peer's. Something that is no address ends the walk before
   * it. The address is in its one form, if the peer's is.
   */
  clientAddress(peer: string, forwardedFor: string | null): string {
    if (forwardedFor === null || !this.trusts(peer)) return peer;
    let client = peer;
    let end = forwardedFor.length;
    while (end >= 0) {
      const comma = end === 0 ? -1 : forwardedFor.lastIndexOf(",", end - 1);
      const text = bareAddress(forwardedFor.slice(comma + 1, end).trim());
      const { address, trusted } = text.length > LONGEST_ADDRESS ? NO_ADDRESS : this.#look(text);
      if (address === null) return client;
      client = address;
      if (!trusted) return client;
      end = comma;
    }
    return client;
  }

  #look(text: string): Known {
    let known = this.#known.get(text);
    if (known === undefined) {
      known = this.#parse(text);
      if (this.#known.size >= REMEMBERED) this.#known.clear();
      this.#known.set(text, known);
    }
    return known;
  }

  #parse(text: string): Known {
    const address = canonicalAddress(text);
    if (address === null) return NO_ADDRESS;
    const parsed = ipaddr.parse(address);
    const trusted = this.#ranges!.some(([range, bits]) =>
      range.kind() === parsed.kind() && parsed.match(range as ipaddr.IPv4, bits)
    );
    return { address, trusted };
  }
}

const NO_ADDRESS: Known = { address: null, trusted: false };

/**
 * Brings an address into its one form: IPv6 as RFC 5952 says, and an IPv4-mapped one (`::ffff:10.0.0.1`) as its IPv4
 * address. Null for what is no address: `1`, `0x7f.1` and `0177.0.0.1`, which some resolvers take for one, mean nothing
 * here.
 */
export function canonicalAddress(text: string): string | null {
  const valid = text.includes(":") ? ipaddr.IPv6.isValid(text) : ipaddr.IPv4.isValidFourPartDecimal(text);
  return valid ? ipaddr.process(text).toString() : null;
}

/**
 * Gives a connection's peer, as the platform names it, in its one form: only an IPv4-mapped address is not in it
 * already.
 */
export function peerAddress(hostname: string): string {
  return hostname.startsWith("::ffff:") ? canonicalAddress(hostname) ?? hostname : hostname;
}

/** A range of IPv4-mapped addresses (::ffff:10.0.0.0/104) is one of IPv4, as such addresses count as IPv4. */
function rangeOf(cidr: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  const [range, bits] = ipaddr.parseCIDR(cidr.includes("/") ? cidr : `${cidr}/${cidr.includes(":") ? 128 : 32}`);
  return range instanceof ipaddr.IPv6 && range.isIPv4MappedAddress() && bits >= 96
    ? [range.toIPv4Address(), bits - 96]
    : [range, bits];
}

/** Takes brackets and a port off an address (`[::1]:80`, `10.0.0.1:80`). */
function bareAddress(text: string): string {
  if (text.startsWith("[")) {
    const end = text.indexOf("]");
    return end < 0 ? text : text.slice(1, end);
  }
  const colon = text.indexOf(":");
  return colon >= 0 && colon === text.lastIndexOf(":") ? text.slice(0, colon) : text;
}
