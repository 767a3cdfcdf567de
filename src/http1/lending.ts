/**
 * Things of one kind that connections borrow while they are at work. What was given back last is lent first: it is
 * warm.
 */
export class Lending<T> {
  readonly #make: () => T;
  readonly #free: T[] = [];
  /** The fewest that were free since the last `trim`: so many were not needed. */
  #unused = 0;

  constructor(make: () => T) {
    this.#make = make;
  }

  lend(): T {
    const one = this.#free.pop() ?? this.#make();
    if (this.#free.length < this.#unused) this.#unused = this.#free.length;
    return one;
  }

  /** Takes back something that the borrower no longer uses. */
  giveBack(one: T): void {
    this.#free.push(one);
  }

  /** Frees what was not needed since the last call. */
  trim(): void {
    this.#free.splice(0, this.#unused);
    this.#unused = this.#free.length;
  }
}
