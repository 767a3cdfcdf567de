import type { CertificatePair } from "../../certificates/certificate_pair.ts";
import { BadPair, readPair } from "../../certificates/certificate_pair.ts";
import type { AcmeConfig } from "../../config/acme.ts";
import type { Logger } from "../../logging/log.ts";
import { type CancelTimer, type Clock, delay } from "../../time/clock.ts";
import type { CertificateOrderView, CertificateView } from "../../views/certificate_view.ts";
import { AcmeError } from "./acme_error.ts";
import { AcmeSession, type Send } from "./acme_session.ts";
import type { AcmeStorage } from "./acme_storage.ts";
import { openAccount, orderCertificate } from "./order_certificate.ts";
import { renewalAt, waitAfter } from "./renewal.ts";
import { messageOf } from "../../logging/message_of.ts";

/** How often the agent reads the storage and checks whether an order is due. */
const LOOK_MS = 2_000;
/** How long an order may take, with all its requests. */
const ORDER_MS = 600_000;

/** The storage as an agent uses it. */
type Storage = Pick<AcmeStorage, keyof AcmeStorage>;

/** What an agent works with. */
export interface AcmeAgentParts {
  readonly config: AcmeConfig;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Logger;
  readonly send: Send;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/**
 * Keeps some certificates, each for one name or more: reads what the storage has, orders what is missing or due, if
 * this replica holds the storage's lock, and never stands in the way of what is served. Orders are made one at a time.
 */
export class AcmeAgent {
  readonly #parts: AcmeAgentParts;
  /** By their names, as they are shown. */
  readonly #certificates = new Map<string, CertificateState>();
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
    for (const names of parts.config.certificates) {
      const none = { pair: null, failures: 0, waitUntilMs: 0, error: null, stored: null, ordering: false };
      this.#certificates.set(names.join(", "), { names, ...none });
    }
  }

  /** Reads the certificates in the storage. Rejects if the storage can't be used, unless only its disk is full. */
  async prepare(): Promise<void> {
    try {
      await this.#parts.storage.prepare();
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      this.#noteStorage(error);
    }
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
    await Promise.race([this.#busy, delay(this.#parts.clock, 500)]);
    this.#parts.storage.release();
  }

  /** The certificates that the storage has. */
  get pairs(): CertificatePair[] {
    return [...this.#certificates.values()].flatMap(({ pair }) => pair ?? []);
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
    const nowMs = this.#parts.clock.monotonicMs();
    return [...this.#certificates].map(([name, state]) => ({
      name,
      state: state.ordering ? "ordering" : state.error !== null ? "failed" : hasAllNames(state) ? "issued" : "waiting",
      orderedHere: this.#owns,
      error: state.error ?? state.stored ?? this.#storageError,
      nextTryMs: state.error === null ? null : Math.max(0, state.waitUntilMs - nowMs),
    }));
  }

  #next(waitMs: number): void {
    if (this.#stopped) return;
    this.#cancel = this.#parts.clock.after(waitMs, () => {
      this.#busy = this.#look().finally(() => this.#next(LOOK_MS));
    }, true);
  }

  async #look(): Promise<void> {
    const { storage } = this.#parts;
    try {
      this.#owns = await storage.own();
      await this.#readAll();
      // An order that could not be kept would be lost, and count against the directory's limits.
      if (this.#owns && this.#due().length > 0) await storage.prepare();
      this.#storageError = null;
    } catch (error) {
      return this.#noteStorage(error);
    }
    if (!this.#owns) return;
    for (const [name, state] of this.#due()) {
      if (this.#stopped) return;
      await this.#order(name, state);
    }
  }

  #noteStorage(error: unknown): void {
    const { log, config: { storage } } = this.#parts;
    const text = isDiskFull(error) ? textOf(error) : `Cannot use ACME_STORAGE ${storage}: ${textOf(error)}`;
    if (this.#storageError === text) return;
    log.error("acme_storage_failed", `${text}; certificates in use stay in use`, { error: text });
    this.#storageError = text;
  }

  #due(): [string, CertificateState][] {
    const { clock } = this.#parts;
    const [wallMs, nowMs] = [clock.wallMs(), clock.monotonicMs()];
    return [...this.#certificates].filter(([, state]) =>
      nowMs >= state.waitUntilMs && (!hasAllNames(state) || wallMs >= renewalAt(state.pair!, this.#jitter))
    );
  }

  async #order(name: string, state: CertificateState): Promise<void> {
    const { config, clock, log, random } = this.#parts;
    state.ordering = true;
    const renews = state.pair !== null;
    log.info("acme_ordering", `${renews ? "Renewing" : "Ordering"} a certificate for ${name}`, {
      name,
      directory: config.directory,
    });
    try {
      const pair = await this.#issue(state);
      state.pair = pair;
      state.stored = null;
      this.#onChange();
      const until = new Date(pair.notAfterMs).toISOString();
      log.info("acme_issued", `The certificate for ${name} was issued; it is valid until ${until}`, { name, until });
      if (clock.wallMs() >= renewalAt(pair, this.#jitter)) {
        const now = new Date(clock.wallMs()).toISOString();
        throw new AcmeError(`The new certificate is due for renewal already: is this machine's clock right (${now})?`);
      }
      state.failures = 0;
      state.error = null;
    } catch (error) {
      const retryAfterMs = error instanceof AcmeError ? error.retryAfterMs : null;
      const waitMs = waitAfter(++state.failures, retryAfterMs, random());
      state.error = textOf(error);
      state.waitUntilMs = clock.monotonicMs() + waitMs;
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

  /** Orders a certificate and keeps it. Rejects with the reason if it can't be had. */
  async #issue(state: CertificateState): Promise<CertificatePair> {
    const { config, storage, clock } = this.#parts;
    const endMs = clock.monotonicMs() + ORDER_MS;
    const send: Send = (url, init) => {
      if (clock.monotonicMs() < endMs) return this.#parts.send(url, init);
      throw new AcmeError(`The directory did not issue within ${ORDER_MS / 60_000} minutes`);
    };
    const key = await storage.accountKey(config.directory);
    const session = await AcmeSession.open(config.directory, { key, send, nowMs: () => clock.wallMs() });
    await openAccount(session, key, { email: config.email, external: config.external });
    const issued = await orderCertificate(state.names, {
      session,
      key,
      nowMs: () => clock.monotonicMs(),
      wait: (ms) => delay(clock, ms),
      publish: (token, text) => storage.publish(token, text),
      withdraw: (token) => storage.withdraw(token),
    });
    try {
      const pair = readPairFor(state.names, issued, "every");
      // Only what was read: another text of the directory's could make the file unreadable.
      await storage.keepCertificate(fileOf(state), pair);
      return pair;
    } catch (error) {
      throw error instanceof BadPair ? new AcmeError(`The issued certificate can't be used: ${error.message}`) : error;
    }
  }

  async #readAll(): Promise<void> {
    let changed = false;
    for (const [name, state] of this.#certificates) changed = await this.#read(name, state) || changed;
    if (changed) this.#onChange();
  }

  /** Reads a certificate; true if it is another than before. */
  async #read(name: string, state: CertificateState): Promise<boolean> {
    const text = await this.#parts.storage.certificate(fileOf(state));
    try {
      // It may lack names that came since it was ordered.
      const pair = text === null ? state.pair : readPairFor(state.names, { certificate: text, key: text }, "some");
      const changed = pair?.fingerprint !== state.pair?.fingerprint;
      // Another replica may have ordered what this one could not.
      if (changed) state.error = null;
      state.pair = pair;
      state.stored = null;
      return changed;
    } catch (error) {
      // A file that was damaged is as good as none: if there is no other, it is ordered again.
      const text = `The stored certificate can't be used: ${textOf(error)}`;
      if (state.stored !== text) {
        this.#parts.log.error("acme_storage_failed", `${name}: ${text}`, { name, error: text });
      }
      state.stored = text;
      return false;
    }
  }
}

/** What its file is called. That of several names keeps its name if some come or go, so that it stays in use. */
function fileOf({ names }: CertificateState): string {
  return names.length === 1 ? names[0]! : "all-names";
}

/** Names may have come since it was ordered. */
function hasAllNames({ names, pair }: CertificateState): boolean {
  return pair !== null && names.every((name) => pair.names.includes(name));
}

interface CertificateState {
  readonly names: readonly string[];
  pair: CertificatePair | null;
  /** Orders in a row that failed. */
  failures: number;
  /** No order before this (monotonic ms: a machine's clock that is set right must not end or prolong a wait). */
  waitUntilMs: number;
  /** Why the last order failed. */
  error: string | null;
  /** Why the storage's file can't be used. */
  stored: string | null;
  ordering: boolean;
}

function readPairFor(
  names: readonly string[],
  { certificate, key }: { readonly certificate: string; readonly key: string },
  wanted: "every" | "some",
): CertificatePair {
  const pair = readPair(certificate, key);
  if (names[wanted]((name) => pair.names.includes(name))) return pair;
  throw new BadPair("certificate", `It is not for ${names.join(", ")} but for ${pair.names.join(", ") || "no name"}`);
}

/** Space or quota is used up. */
function isDiskFull(error: unknown): boolean {
  const { code } = error instanceof Error ? error as Error & { code?: string } : { code: undefined };
  return code === "ENOSPC" || code === "EDQUOT";
}

function textOf(error: unknown): string {
  if (isDiskFull(error)) return "The disk of ACME_STORAGE is full";
  return messageOf(error);
}
