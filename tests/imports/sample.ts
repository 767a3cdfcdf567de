/**
 * A configuration as people have it, what of it must stand in the imported `.env`, and requests that both programs must
 * answer the same. `{{listen}}` stands for the port of the listener, `{{a}}`, `{{a2}}`, `{{b}}` and `{{c}}` for
 * addresses of targets.
 */
export interface Sample {
  readonly title: string;
  readonly config: string;
  /** Lines of the `.env`, in any order; `<N>` stands for the number of a rule. */
  readonly has: readonly string[];
  /** Words that the remarks about what was left out must hold. */
  readonly leftOut?: readonly string[];
  /**
   * `METHOD HOST PATH`, then headers behind ` | `. With `*` in front any target may respond, as the choice is a matter
   * of chance.
   */
  readonly asks: readonly string[];
  /** The file's name, if the kind has several. */
  readonly file?: string;
}

/** A configuration of a system that the tests can't start: a table says what it answers. */
export interface TabledSample extends Omit<Sample, "asks"> {
  /**
   * A request as in `asks`, and what comes: `a /path` for a target and the path that it got, or `302 URL`, or a status.
   */
  readonly answers: readonly (readonly [ask: string, answer: string])[];
}

/** Addresses that unit tests put in; nobody listens there. */
export const PLACES: Readonly<Record<string, string>> = {
  listen: "8080",
  a: "127.0.0.1:9001",
  a2: "127.0.0.1:9002",
  b: "127.0.0.1:9003",
  c: "127.0.0.1:9004",
};

/** Puts addresses into a sample's configuration. */
export function filled(text: string, places: Readonly<Record<string, string>> = PLACES): string {
  return text.replace(/\{\{(\w+)\}\}/g, (_, name) => {
    const [, target, part] = /^(.+)_(host|port)$/.exec(name) ?? [];
    const address = target === undefined ? undefined : places[target]?.split(":")[part === "host" ? 0 : 1];
    const place = address ?? places[name];
    if (place === undefined) throw new Error(`The sample names ${name}, which is no place`);
    return place;
  });
}
