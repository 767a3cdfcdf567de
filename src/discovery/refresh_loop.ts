import { firstOf, listed, MOST_LISTED } from "../logging/listed.ts";
import type { DnsConfig } from "../config/model.ts";
import type { Logger } from "../logging/log.ts";
import type { CancelTimer, Clock } from "../time/clock.ts";
import { isAddress, lookup, type LookupResult, type ResolveRecord } from "./dns.ts";

/** First pause after a name that has never resolved failed; doubles up to {@linkcode LONGEST_RETRY_MS}. */
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;

/** Most lookups open at once: each holds a socket, and containers often allow 1024 descriptors. */
const LOOKUPS_AT_ONCE = 64;

/** One name and its addresses. */
export interface NameState {
  readonly host: string;
  /** The last good answer; null until the first. */
  readonly addresses: readonly string[] | null;
  readonly answers: number;
  readonly failures: number;
  readonly lastError: string | null;
  readonly lastAnswerMs: number | null;
}

interface Name {
  readonly host: string;
  addresses: readonly string[] | null;
  answers: number;
  failures: number;
  failuresInARow: number;
  lastError: string | null;
  lastAnswerMs: number | null;
  cancelTimer: CancelTimer;
  /** Ends the open lookup. */
  abort: AbortController | null;
}

/** What the loop needs. */
export interface RefreshOptions {
  readonly dns: DnsConfig;
  readonly resolve: ResolveRecord;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Called when a name's addresses changed, or when it failed for the first time. */
  readonly onSettled: (host: string) => void;
}

/**
 * Keeps the addresses of a set of names: each is looked up at once, then every refresh interval; a failed lookup keeps
 * the last good answer; a name that never resolved is tried again with backoff. Addresses in the set need no lookup.
 */
export class RefreshLoop {
  readonly #options: RefreshOptions;
  #dns: DnsConfig;
  readonly #names = new Map<string, Name>();
  readonly #waiting: Name[] = [];
  readonly #open = new Set<Promise<void>>();
  #stopped = false;

  constructor(options: RefreshOptions) {
    this.#options = options;
    this.#dns = options.dns;
  }

  /** Watches exactly these hosts. Those that stay keep their addresses; new ones are looked up at once. */
  watch(hosts: Iterable<string>): void {
    const wanted = new Set<string>();
    for (const host of hosts) {
      if (!isAddress(host)) wanted.add(host);
    }
    for (const [host, name] of this.#names) {
      if (wanted.has(host)) continue;
      this.#names.delete(host);
      forget(name);
    }
    for (const host of wanted) {
      if (this.#names.has(host)) continue;
      const name: Name = {
        host,
        addresses: null,
        answers: 0,
        failures: 0,
        failuresInARow: 0,
        lastError: null,
        lastAnswerMs: null,
        cancelTimer: () => {},
        abort: null,
      };
      this.#names.set(host, name);
      this.#enqueue(name);
    }
  }

  /** Applies a new DNS configuration: every name is looked up again. */
  configure(dns: DnsConfig): void {
    this.#dns = dns;
    for (const name of this.#names.values()) {
      forget(name);
      this.#enqueue(name);
    }
  }

  /** Resolves when the first lookup of every watched name has ended. */
  async firstRound(): Promise<void> {
    const unsettled = () => this.#names.values().some((name) => !hasSettled(name));
    while (unsettled() && this.#open.size > 0) await Promise.race(this.#open);
  }

  /** The addresses of a host: itself if it is an address, the last good answer, or null if there was none. */
  addresses(host: string): readonly string[] | null {
    return isAddress(host) ? [host] : this.#names.get(host)?.addresses ?? null;
  }

  /** Tells whether a first lookup of the host has ended, or it needs none. */
  isSettled(host: string): boolean {
    const name = this.#names.get(host);
    return name === undefined || hasSettled(name);
  }

  /** A name's state; null for addresses and for names that are not watched. */
  state(host: string): NameState | null {
    return this.#names.get(host) ?? null;
  }

  /** Ends every timer and lookup; resolves when none is left. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const name of this.#names.values()) forget(name);
    while (this.#open.size > 0) await Promise.all(this.#open);
  }

  #enqueue(name: Name): void {
    if (this.#stopped || this.#names.get(name.host) !== name) return;
    if (this.#open.size >= LOOKUPS_AT_ONCE) {
      if (!this.#waiting.includes(name)) this.#waiting.push(name);
      return;
    }
    const run: Promise<void> = this.#resolve(name).finally(() => {
      this.#open.delete(run);
      this.#openNext();
    });
    this.#open.add(run);
  }

  /** Looks up the next name that waits and is still watched. */
  #openNext(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (this.#names.get(next.host) === next) return this.#enqueue(next);
    }
  }

  async #resolve(name: Name): Promise<void> {
    const { resolve, clock } = this.#options;
    const abort = name.abort = new AbortController();
    let result: LookupResult;
    try {
      result = await lookup(name.host, { dns: this.#dns, resolve, clock, signal: abort.signal });
    } catch (error) {
      // An exception must not end the loop of this name.
      result = { ok: false, error: String(error) };
    }
    // Stopped, no longer watched, or looked up again with another configuration.
    if (abort.signal.aborted) return;
    name.abort = null;
    const before = name.addresses;
    const first = !hasSettled(name);
    this.#take(name, result);
    this.#schedule(name);
    if (first || before !== name.addresses) this.#options.onSettled(name.host);
  }

  #take(name: Name, result: LookupResult): void {
    const { clock, log } = this.#options;
    const { host } = name;
    if (!result.ok) {
      name.failures += 1;
      name.failuresInARow += 1;
      name.lastError = result.error;
      if (name.failuresInARow > 1) return;
      const kept = name.addresses === null
        ? "it has never resolved"
        : `still using ${listed(name.addresses, "addresses")}`;
      log.warn("dns_failed", `Name ${host} did not resolve (${result.error}); ${kept}`, { host, error: result.error });
      return;
    }
    name.answers += 1;
    name.lastAnswerMs = clock.wallMs();
    name.lastError = null;
    if (name.failuresInARow > 0) {
      log.info("dns_recovered", `Name ${host} resolves again after ${name.failuresInARow} failed lookups`, { host });
      name.failuresInARow = 0;
    }
    const before = name.addresses ?? [];
    if (before.join() === result.addresses.join()) return;
    name.addresses = result.addresses;
    const [old, now] = [new Set(before), new Set(result.addresses)];
    const added = result.addresses.filter((address) => !old.has(address));
    const removed = before.filter((address) => !now.has(address));
    const counts = Math.max(before.length, now.size) > MOST_LISTED
      ? `; ${added.length} added, ${removed.length} removed`
      : "";
    const was = before.length === 0 ? "" : ` (was ${listed(before, "addresses")}${counts})`;
    log.info("dns_changed", `Name ${host} resolves to ${listed(result.addresses, "addresses")}${was}`, {
      host,
      addresses: result.addresses.length,
      added: firstOf(added),
      removed: firstOf(removed),
    });
  }

  #schedule(name: Name): void {
    const { clock, random } = this.#options;
    let pauseMs = this.#dns.refreshIntervalMs;
    if (name.addresses === null) {
      // Between half and all of the backoff, so that many replicas don't ask at the same moment.
      const backoffMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(name.failuresInARow - 1, 16));
      pauseMs = backoffMs * (1 - random() / 2);
    } else if (pauseMs === 0) {
      return;
    }
    name.cancelTimer = clock.after(pauseMs, () => this.#enqueue(name));
  }
}

function hasSettled(name: Name): boolean {
  return name.answers + name.failures > 0;
}

function forget(name: Name): void {
  name.cancelTimer();
  name.abort?.abort();
  name.abort = null;
}
