import ipaddr from "ipaddr.js";

/** Characters of the longest address that is taken for one: 45, and a zone of an interface's name of up to 15. */
const LONGEST_ADDRESS = 64;
/** Addresses remembered before the memory is emptied: bounds what clients can make sluice keep. */
const REMEMBERED = 4096;

/**
 * Knows which peers' `X-Forwarded-For` is believed. Whoever is in the list can name any client address; nobody else can.
 * An address is parsed once, not once a request.
 */
export class TrustedProxies {
  readonly #ranges: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][] | null;
  readonly #known = new Map<string, boolean>();

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
    if (this.#ranges === null) return false;
    let trusted = this.#known.get(address);
    if (trusted === undefined) {
      trusted = this.#lookUp(address);
      if (this.#known.size >= REMEMBERED) this.#known.clear();
      this.#known.set(address, trusted);
    }
    return trusted;
  }

  /**
   * Finds the client's address: where the peer is trusted, the first address from the right of X-Forwarded-For that is not
   * in the list (the leftmost where all are); else the peer's. Something that is no address ends the walk before it.
   */
  clientAddress(peer: string, forwardedFor: string | null): string {
    if (forwardedFor === null || !this.trusts(peer)) return peer;
    let client = peer;
    let end = forwardedFor.length;
    while (end >= 0) {
      const comma = end === 0 ? -1 : forwardedFor.lastIndexOf(",", end - 1);
      const address = bareAddress(forwardedFor.slice(comma + 1, end).trim());
      if (address.length > LONGEST_ADDRESS || !ipaddr.isValid(address)) return client;
      client = address;
      if (!this.trusts(address)) return client;
      end = comma;
    }
    return client;
  }

  #lookUp(address: string): boolean {
    if (!ipaddr.isValid(address)) return false;
    // IPv4-mapped IPv6 (::ffff:10.0.0.1) counts as its IPv4 address.
    const parsed = ipaddr.process(address);
    return this.#ranges!.some(([range, bits]) =>
      range.kind() === parsed.kind() && parsed.match(range as ipaddr.IPv4, bits)
    );
  }
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
