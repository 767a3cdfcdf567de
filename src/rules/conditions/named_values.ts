import type { RuleRequest } from "./condition.ts";

/** Adds a value to those of a name. */
export type AddValue = (name: string, value: string) => void;

/** Values by name of one part of a request. */
type ValuesByName = ReadonlyMap<string, readonly string[]>;

const NONE: readonly string[] = [];

/**
 * A part of a request that holds names with values, such as its query. It is read when the first condition asks for it,
 * and kept with the request: else a long one would be read again for each rule.
 */
export class NamedValues {
  readonly #read: (request: RuleRequest, add: AddValue) => void;
  readonly #ofRequest = new WeakMap<RuleRequest, ValuesByName>();

  /** @param read Calls `add` with each name and value, in their order. */
  constructor(read: (request: RuleRequest, add: AddValue) => void) {
    this.#read = read;
  }

  /** Gives the values of a name, in their order. */
  of(request: RuleRequest, name: string): readonly string[] {
    let known = this.#ofRequest.get(request);
    if (known === undefined) this.#ofRequest.set(request, known = this.#all(request));
    return known.get(name) ?? NONE;
  }

  #all(request: RuleRequest): ValuesByName {
    const all = new Map<string, string[]>();
    this.#read(request, (name, value) => {
      const values = all.get(name);
      if (values === undefined) all.set(name, [value]);
      else values.push(value);
    });
    return all;
  }
}
