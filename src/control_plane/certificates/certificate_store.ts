import type { CertificatePair } from "../../certificates/certificate_pair.ts";
import type { CertificateFiles } from "../../config/tls.ts";
import type { Logger } from "../../logging/log.ts";
import type { CancelTimer, Clock } from "../../time/clock.ts";
import type { CertificateView } from "../../views/certificate_view.ts";
import { type FileFault, readFiles } from "./certificate_files.ts";

/** How often sluice reads the files to find a change. */
export const LOOK_MS = 60_000;
/** Below this time to a certificate's end, sluice warns once a day. */
export const SOON_MS = 21 * 86_400_000;
const WARN_EVERY_MS = 86_400_000;

/** What a store works with. */
export interface CertificateStoreParts {
  readonly clock: Clock;
  readonly log: Logger;
  /** As `Deno.readTextFile`. */
  read(path: string): Promise<string>;
}

interface Entry {
  readonly files: CertificateFiles;
  pair: CertificatePair;
  refused: string | null;
  warnedAtMs: number;
}

/**
 * The certificates that come from files: read at the start, at each reload, and each minute. A change that is sound is
 * served; one that is not is refused and named, and the certificate before it stays in use.
 */
export class CertificateStore {
  readonly #parts: CertificateStoreParts;
  #entries: Entry[] = [];
  #cancel: CancelTimer = () => {};
  #onChange: () => void = () => {};
  #looking: Promise<void> | null = null;

  constructor(parts: CertificateStoreParts) {
    this.#parts = parts;
  }

  /**
   * Reads the files for the first time; returns what is wrong with them, one line a file. An expired certificate is
   * served, and logged.
   */
  async load(all: readonly CertificateFiles[]): Promise<string[]> {
    const problems: string[] = [];
    for (const files of all) {
      const { pair, faults } = await readFiles(files, this.#parts.read);
      if (pair === null) problems.push(...faults.map(({ variable, text }) => `${variable}: ${text}`));
      else this.#entries.push({ files, pair, refused: null, warnedAtMs: -Infinity });
    }
    return problems;
  }

  /** Begins to look at the files by itself. @param onChange Called when the certificates to serve changed. */
  watch(onChange: () => void): void {
    this.#onChange = onChange;
    this.#warnOfEnds();
    this.#cancel = this.#parts.clock.every(LOOK_MS, () => void this.look());
  }

  stop(): void {
    this.#cancel();
  }

  /** The certificates to serve. The first one also serves names that no certificate has. */
  get pairs(): CertificatePair[] {
    return this.#entries.map(({ pair }) => pair);
  }

  /** What an operator sees of each. */
  views(): CertificateView[] {
    return this.#entries.map(({ files, pair, refused }) => ({
      names: pair.names,
      source: files.certificate,
      issuer: pair.issuer,
      notBeforeMs: pair.notBeforeMs,
      notAfterMs: pair.notAfterMs,
      refused,
    }));
  }

  /** Takes another list of files; a pair that can't be read is refused, and if it is new it is left out. */
  async reload(all: readonly CertificateFiles[]): Promise<void> {
    await this.#looking;
    const kept = new Map(this.#entries.map((entry) => [keyOf(entry.files), entry]));
    const entries: Entry[] = [];
    let changed = all.length !== this.#entries.length;
    for (const files of all) {
      const known = kept.get(keyOf(files));
      if (known !== undefined) entries.push(known);
      else {
        changed = true;
        const { pair, faults } = await readFiles(files, this.#parts.read);
        if (pair !== null) entries.push({ files, pair, refused: null, warnedAtMs: -Infinity });
        else this.#refuse(files, faults);
      }
    }
    // Without any, nothing could be served.
    if (entries.length > 0 || all.length === 0) this.#entries = entries;
    if (changed) this.#onChange();
    await this.look();
  }

  /** Looks at every file now. Never rejects. */
  look(): Promise<void> {
    return this.#looking ??= this.#lookAtAll().finally(() => this.#looking = null);
  }

  async #lookAtAll(): Promise<void> {
    let changed = false;
    for (const entry of this.#entries) {
      const { pair, faults } = await readFiles(entry.files, this.#parts.read);
      const against = pair === null ? faults : this.#whyNot(entry, pair);
      if (against.length > 0) {
        const why = wordsOf(against);
        if (entry.refused !== why) this.#refuse(entry.files, against);
        entry.refused = why;
        continue;
      }
      entry.refused = null;
      if (pair!.fingerprint === entry.pair.fingerprint && pair!.key === entry.pair.key) continue;
      entry.pair = pair!;
      entry.warnedAtMs = -Infinity;
      changed = true;
      const until = new Date(pair!.notAfterMs).toISOString();
      const names = pair!.names.join(", ");
      this.#parts.log.info("certificate_changed", `Certificate of ${names} changed; it is valid until ${until}`, {
        file: entry.files.certificate,
        names: pair!.names,
        until,
      });
    }
    if (changed) this.#onChange();
    this.#warnOfEnds();
  }

  /** An expired certificate never replaces one that is still valid. */
  #whyNot({ files, pair: current }: Entry, { notAfterMs }: CertificatePair): FileFault[] {
    const nowMs = this.#parts.clock.wallMs();
    if (notAfterMs > nowMs || current.notAfterMs <= nowMs) return [];
    const text = `Cannot use "${files.certificate}": it expired on ${new Date(notAfterMs).toISOString()}`;
    return [{ variable: files.variable, text }];
  }

  #refuse({ certificate }: CertificateFiles, faults: readonly FileFault[]): void {
    const all = faults.map(({ variable, text }) => `${variable}: ${text}`).join("; ");
    const message = `${all}; the certificate before it stays in use`;
    this.#parts.log.error("certificate_refused", message, { file: certificate, error: wordsOf(faults) });
  }

  #warnOfEnds(): void {
    const { clock, log } = this.#parts;
    const nowMs = clock.wallMs();
    for (const entry of this.#entries) {
      const { pair, files } = entry;
      if (pair.notAfterMs - nowMs > SOON_MS || nowMs - entry.warnedAtMs < WARN_EVERY_MS) continue;
      entry.warnedAtMs = nowMs;
      const until = new Date(pair.notAfterMs).toISOString();
      const names = pair.names.join(", ");
      if (pair.notAfterMs <= nowMs) {
        log.error("certificate_expired", `The certificate of ${names} expired on ${until}`, {
          file: files.certificate,
          until,
        });
      } else {log.warn("certificate_expires", `The certificate of ${names} expires on ${until}`, {
          file: files.certificate,
          until,
        });}
    }
  }
}

function wordsOf(faults: readonly FileFault[]): string {
  return faults.map(({ text }) => text).join("; ");
}

function keyOf({ certificate, key }: CertificateFiles): string {
  return `${certificate}\n${key}`;
}
