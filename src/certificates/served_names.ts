/** Chooses certificates by the name that a client asks for (SNI, RFC 6066 section 3). */
export class ServedNames {
  readonly #exact = new Map<string, number>();
  readonly #wildcards = new Map<string, number>();

  /** @param certificates The names of each, in order: of two with the same name the first is served. */
  constructor(certificates: readonly { readonly names: readonly string[] }[]) {
    certificates.forEach(({ names }, index) => {
      for (const name of names) {
        const wildcard = name.startsWith("*.");
        const map = wildcard ? this.#wildcards : this.#exact;
        const key = wildcard ? name.slice(2) : name;
        if (!map.has(key)) map.set(key, index);
      }
    });
  }

  /**
   * The index of the certificate for a name: exact before wildcard, which stands for one label; -1 if there is none.
   */
  find(name: string): number {
    const asked = name.toLowerCase();
    const exact = this.#exact.get(asked);
    if (exact !== undefined) return exact;
    const dot = asked.indexOf(".");
    return dot < 1 ? -1 : this.#wildcards.get(asked.slice(dot + 1)) ?? -1;
  }
}
