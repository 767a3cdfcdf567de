import { closest } from "../sources/unknown_names.ts";
import { problemOf } from "../config_error.ts";
import { duration } from "../values/duration.ts";
import { COOKIE_NAME, defaultCookieName, HASH_KEY } from "../values/http_names.ts";
import type { AlgorithmOptions } from "../model.ts";
import type { At, SettingsReader } from "../settings_reader.ts";
import { Refusal, SECRET, SHORTEST_SECRET, type ValueKind } from "../values/value_kind.ts";

/** What configuration must know of an algorithm; the registry's entries have it. */
export interface KnownAlgorithm {
  readonly name: string;
  readonly aliases: readonly string[];
  /** Every target's weight must be given. */
  readonly requiresWeights?: boolean;
  /** Weights have a part in the choice. */
  readonly usesWeights?: boolean;
  /** The choice depends on HASH_KEY. */
  readonly usesKey?: boolean;
  /** Clients are pinned by a cookie. */
  readonly sticky?: boolean;
}

/** Makes the kind of algorithms' names, in any case; aliases become the name. */
export function algorithmName(known: readonly KnownAlgorithm[]): ValueKind<string> {
  const names = known.map((each) => each.name);
  return {
    parse: (text) => {
      const wanted = text.toUpperCase();
      const found = known.find((each) => each.name === wanted || each.aliases.includes(wanted));
      if (found !== undefined) return found.name;
      const meant = closest(wanted, known.flatMap((each) => [each.name, ...each.aliases]), 3);
      return new Refusal(`one of ${names.join(", ")}${meant === null ? "" : `; did you mean ${meant}?`}`);
    },
    format: String,
  };
}

/** Reads the options of a group's algorithm, also those that only another algorithm would use. */
export function parseAlgorithmOptions(reader: SettingsReader, group: string, at: At): AlgorithmOptions {
  const stickySecret = reader.readOptional("TARGET_GROUP_<N>_STICKY_SECRET", SECRET, at);
  if (stickySecret !== null && stickySecret.length < SHORTEST_SECRET) {
    const variable = reader.find("TARGET_GROUP_<N>_STICKY_SECRET", at)!.variable;
    const text = `Shorter than ${SHORTEST_SECRET} characters: it can be guessed, and cookies forged`;
    if (!reader.warnings.some((warning) => warning.subject === variable)) {
      reader.warnings.push(problemOf(variable, text));
    }
  }
  return {
    stickyCookieName: reader.read("TARGET_GROUP_<N>_STICKY_COOKIE_NAME", COOKIE_NAME, {
      ...at,
      default: defaultCookieName(group),
    }),
    stickyTtlMs: reader.read("TARGET_GROUP_<N>_STICKY_TTL", duration(0, Number.MAX_SAFE_INTEGER), at),
    stickySecret,
    hashKey: reader.read("TARGET_GROUP_<N>_HASH_KEY", HASH_KEY, at),
  };
}
