import type { Collector } from "./collector.ts";
import type { ImportedGroup } from "./imported.ts";

/** Hands out target groups by what they must be, so that rules with the same wishes share one. */
export class GroupList {
  readonly #found: Collector;
  readonly #names = new Map<string, string>();

  constructor(found: Collector) {
    this.#found = found;
  }

  /**
   * The name of the group for `key`; `make` is called once for each key. If another key has the wanted name already, a
   * number is put behind it.
   */
  nameFor(key: string, wanted: string, make: (name: string) => ImportedGroup | null): string | null {
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const base = wanted.replace(/[\p{C}\p{Zl}\p{Zp},:]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 120) || "group";
    let name = base;
    for (let i = 2; this.#found.groups.some((group) => group.name === name); i++) name = `${base}-${i}`;
    const group = make(name);
    if (group === null) return null;
    this.#found.groups.push(group);
    this.#names.set(key, name);
    return name;
  }
}
