/** What an entry costs beside its name and value, in bytes (RFC 7541 section 4.1). */
export const ENTRY_COST = 32;
/** The size that each table has before anybody says otherwise, in bytes (RFC 9113 section 6.5.2). */
export const FIRST_TABLE_BYTES = 4096;

/**
 * Holds the fields that a client asked to remember (RFC 7541 section 2.3.2): a ring, whose newest entry has the index
 * 0. Texts have one character a byte.
 */
export class DynamicTable {
  readonly #most: number;
  readonly #mask: number;
  #names: string[] = [];
  #values: string[] = [];
  /** Entries that were ever added. The newest is in the place before it. */
  #added = 0;
  #count = 0;
  #limit: number;
  #used = 0;

  /** @param mostBytes What the client may set as the size. */
  constructor(mostBytes: number) {
    this.#most = mostBytes;
    this.#limit = Math.min(mostBytes, FIRST_TABLE_BYTES);
    let places = 1;
    while (places * ENTRY_COST < mostBytes) places *= 2;
    this.#mask = places - 1;
  }

  /** How many entries there are. */
  get count(): number {
    return this.#count;
  }

  /** Returns the name of an entry; the index must be below `count`. */
  name(index: number): string {
    return this.#names[this.#added - 1 - index & this.#mask]!;
  }

  /** Returns the value of an entry; the index must be below `count`. */
  value(index: number): string {
    return this.#values[this.#added - 1 - index & this.#mask]!;
  }

  /** Adds an entry; the oldest make room. One that is larger than the table empties it (RFC 7541 section 4.4). */
  add(name: string, value: string): void {
    const cost = ENTRY_COST + name.length + value.length;
    this.#shrink(Math.max(0, this.#limit - cost));
    if (cost > this.#limit) return;
    const place = this.#added & this.#mask;
    this.#names[place] = name;
    this.#values[place] = value;
    this.#added = this.#added + 1 & 0x3fffffff;
    this.#count++;
    this.#used += cost;
  }

  /** Sets the size, in bytes. Returns false if that is more than the client may. */
  resize(bytes: number): boolean {
    if (bytes > this.#most) return false;
    this.#limit = bytes;
    this.#shrink(bytes);
    return true;
  }

  #shrink(bytes: number): void {
    while (this.#used > bytes) {
      const place = this.#added - this.#count & this.#mask;
      this.#used -= ENTRY_COST + this.#names[place]!.length + this.#values[place]!.length;
      // The texts can be collected.
      this.#names[place] = this.#values[place] = "";
      this.#count--;
    }
  }
}
