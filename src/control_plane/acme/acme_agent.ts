import type { CertificatePair } from "../../certificates/certificate_pair.ts";
import { readPair } from "../../certificates/certificate_pair.ts";
import type { AcmeConfig } from "../../config/acme.ts";
import type { Logger } from "../../logging/log.ts";
import { type CancelTimer, type Clock, delay } from "../../time/clock.ts";
import type { CertificateOrderView, CertificateView } from "../../views/certificate_view.ts";
import { AcmeError, AcmeSession, type Send } from "./acme_session.ts";
import type { AcmeStorage } from "./acme_storage.ts";
import { openAccount, orderCertificate } from "./order_certificate.ts";
import { renewalAt, waitAfter } from "./renewal.ts";

/** How often the storage is looked at, and whether something is due. */
const LOOK_MS = 2_000;

/** What an agent works with. */
export interface AcmeAgentParts {
  readonly config: AcmeConfig;
  readonly storage: AcmeStorage;
  readonly clock: Clock;
  readonly log: Logger;
  readonly send: Send;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/**
 * Keeps a certificate for each of some names: reads what the storage has, orders what is missing or due, if this
 * replica holds the storage's lock, and never stands in the way of what is served. Orders are made one at a time.
 */
export class AcmeAgent {
  readonly #parts: AcmeAgentParts;
  readonly #names = new Map<string, NameState>();
  readonly #jitter: number;
  #owns = false;
  #stopped = false;
  #busy: Promise<void> = Promise.resolve();
  #cancel: CancelTimer = () => {};
  #storageError: string | null = null;
  #onChange: () => void = () => {};

  constructor(parts: AcmeAgentParts) {
    this.#parts = parts;
    this.#jitter = parts.random();
    for (const name of parts.config.domains) {
      this.#names.set(name, { pair: null, failures: 0, notBeforeMs: 0, error: null, ordering: false });
    }
  }

  /** Reads the certificates that the storage has. Rejects if the storage can't be used. */
  async prepare(): Promise<void> {
    await this.#parts.storage.prepare();
    await this.#readAll();
  }

  /** Looks after the certificates in the background. @param onChange Called when they changed. */
  run(onChange: () => void): void {
    this.#onChange = onChange;
    this.#next(0);
  }

  /** What is answered to a challenge, whichever replica has opened it; null if none has. */
  challenge(token: string): Promise<string | null> {
    return this.#parts.storage.challenge(token).catch(() => null);
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    this.#parts.storage.release();
    await Promise.race([this.#busy, delay(this.#parts.clock, 500)]);
  }

  /** The certificates that the storage has. */
  get pairs(): CertificatePair[] {
    return [...this.#names.values()].flatMap(({ pair }) => pair ?? []);
  }

  /** What an operator sees of each certificate. */
  certificateViews(): CertificateView[] {
    return this.pairs.map(({ names, issuer, notBeforeMs, notAfterMs }) => ({
      names,
      source: "ACME",
      issuer,
      notBeforeMs,
      notAfterMs,
      refused: null,
    }));
  }

  /** What an operator sees of each name. */
  views(): CertificateOrderView[] {
    const nowMs = this.#parts.clock.wallMs();
    return [...this.#names].map(([name, { pair, error, ordering, notBeforeMs }]) => ({
      name,
      state: ordering ? "ordering" : error !== null ? "failed" : pair === null ? "waiting" : "issued",
      orderedHere: this.#owns,
      error: error ?? this.#storageError,
      nextTryMs: error === null ? null : Math.max(0, notBeforeMs - nowMs),
    }));
  }

  #next(waitMs: number): void {
    if (this.#stopped) return;
    this.#cancel = this.#parts.clock.after(waitMs, () => {
      this.#busy = this.#look().finally(() => this.#next(LOOK_MS));
    }, true);
  }

  async #look(): Promise<void> {
    const { storage, log } = this.#parts;
    try {
      this.#owns = await storage.own();
      await this.#readAll();
      this.#storageError = null;
    } catch (error) {
      const text = textOf(error);
      if (this.#storageError !== text) {
        log.error("acme_storage_failed", `Cannot use the ACME storage: ${text}; certificates in use stay in use`, {
          error: text,
        });
      }
      this.#storageError = text;
      return;
    }
    if (!this.#owns) return;
    for (const [name, state] of this.#names) {
      if (this.#stopped) return;
      if (this.#isDue(state)) await this.#order(name, state);
    }
  }

  #isDue({ pair, notBeforeMs }: NameState): boolean {
    const nowMs = this.#parts.clock.wallMs();
    return nowMs >= notBeforeMs && (pair === null || nowMs >= renewalAt(pair, this.#jitter));
  }

  async #order(name: string, state: NameState): Promise<void> {
    const { config, storage, clock, log, send, random } = this.#parts;
    state.ordering = true;
    const renews = state.pair !== null;
    log.info("acme_ordering", `${renews ? "Renewing" : "Ordering"} a certificate for ${name}`, {
      name,
      directory: config.directory,
    });
    try {
      const key = await storage.accountKey(config.directory);
      const session = await AcmeSession.open(config.directory, { key, send, nowMs: () => clock.wallMs() });
      await openAccount(session, key, { email: config.email, external: config.external });
      const issued = await orderCertificate([name], {
        session,
        key,
        nowMs: () => clock.monotonicMs(),
        wait: (ms) => delay(clock, ms),
        publish: (token, text) => storage.publish(token, text),
        withdraw: (token) => storage.withdraw(token),
      });
      readPair(issued.certificate, issued.key);
      await storage.keepCertificate(name, issued);
      state.failures = 0;
      state.error = null;
      state.notBeforeMs = 0;
      await this.#read(name, state);
      this.#onChange();
      const until = new Date(state.pair!.notAfterMs).toISOString();
      log.info("acme_issued", `The certificate for ${name} was issued; it is valid until ${until}`, { name, until });
    } catch (error) {
      const retryAfterMs = error instanceof AcmeError ? error.retryAfterMs : null;
      const waitMs = waitAfter(++state.failures, retryAfterMs, random());
      state.error = textOf(error);
      state.notBeforeMs = clock.wallMs() + waitMs;
      const again = `sluice tries again in ${Math.round(waitMs / 1000)} s`;
      log.error("acme_failed", `No certificate for ${name}: ${state.error}; ${again}`, {
        name,
        error: state.error,
        waitMs,
      });
    } finally {
      state.ordering = false;
    }
  }

  async #readAll(): Promise<void> {
    let changed = false;
    for (const [name, state] of this.#names) changed = await this.#read(name, state) || changed;
    if (changed) this.#onChange();
  }

  /** Reads a name's certificate; true if it is another than before. */
  async #read(name: string, state: NameState): Promise<boolean> {
    const text = await this.#parts.storage.certificate(name);
    if (text === null) return false;
    try {
      const pair = readPair(text, text);
      if (pair.fingerprint === state.pair?.fingerprint) return false;
      state.pair = pair;
      return true;
    } catch (error) {
      // A file that was damaged is as good as none: it is ordered again.
      state.error ??= `The stored certificate can't be used: ${textOf(error)}`;
      return false;
    }
  }
}

interface NameState {
  pair: CertificatePair | null;
  /** Orders in a row that failed. */
  failures: number;
  /** No order before this, ms since 1970. */
  notBeforeMs: number;
  /** Why the last order failed. */
  error: string | null;
  ordering: boolean;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
