/** Several times what a new thread needs for its event loop, its code and its listeners (12). */
const RESERVED = 64;
/** So many must be free for a new thread, since connections may take some at the same moment. */
const NEEDED = 48;
/** With so many free, other threads can't take them all before a new one has its own. */
const PLENTY = 256;

/**
 * File descriptors that are kept for new worker threads. If none is left when a thread starts, the platform ends the
 * whole process.
 */
export interface DescriptorReserve {
  /** Whether so many are free, beside those that are kept, that a thread can be started at any moment. */
  plenty(): boolean;
  /** Frees the reserved descriptors for a thread that starts now; false if they are too few to start one. */
  release(): boolean;
  /** Keeps as many as before again, as far as there are any. */
  restore(): void;
}

/** For a process that starts no thread. */
export const NO_RESERVE: DescriptorReserve = { plenty: () => true, release: () => true, restore() {} };

/** Keeps descriptors by holding files open. */
export class OpenReserve implements DescriptorReserve {
  #files: Disposable[] = [];
  readonly #open: () => Disposable;

  /** @param open Takes one descriptor; throws if none is left. */
  constructor(open: () => Disposable) {
    this.#open = open;
    this.restore();
  }

  plenty(): boolean {
    this.#fill(RESERVED + PLENTY);
    const enough = this.#files.length === RESERVED + PLENTY;
    for (const file of this.#files.splice(RESERVED)) file[Symbol.dispose]();
    return enough;
  }

  release(): boolean {
    this.#closeAll();
    this.#fill(NEEDED);
    const enough = this.#files.length === NEEDED;
    if (enough) this.#closeAll();
    return enough;
  }

  restore(): void {
    this.#fill(RESERVED);
  }

  #fill(count: number): void {
    try {
      while (this.#files.length < count) this.#files.push(this.#open());
    } catch {
      // None is left: what there is must do.
    }
  }

  #closeAll(): void {
    for (const file of this.#files) file[Symbol.dispose]();
    this.#files = [];
  }
}
