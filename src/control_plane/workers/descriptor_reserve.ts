/** More than a new thread needs for its event loop, its code and its listeners (12, measured). */
const RESERVED = 32;
/** So many must be free for a new thread. */
const NEEDED = 16;

/**
 * File descriptors that are kept for new worker threads. If none is left when a thread starts, the platform ends the
 * whole process.
 */
export interface DescriptorReserve {
  /** Frees what is kept, for a thread that starts now; false if a thread can't be started. */
  release(): boolean;
  /** Keeps as many as before again, as far as there are any. */
  restore(): void;
}

/** For a process that starts no thread. */
export const NO_RESERVE: DescriptorReserve = { release: () => true, restore() {} };

/** Keeps descriptors by holding files open. */
export class OpenReserve implements DescriptorReserve {
  #files: Disposable[] = [];
  readonly #open: () => Disposable;

  /** @param open Takes one descriptor; throws if none is left. */
  constructor(open: () => Disposable) {
    this.#open = open;
    this.restore();
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
