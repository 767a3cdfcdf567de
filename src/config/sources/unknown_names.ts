import { distance } from "fastest-levenshtein";
import { type Problem, problemOf } from "../config_error.ts";
import { isOfFamily } from "./service_links.ts";
import type { Layer } from "./sources.ts";
import { isKnown, NUMBERED_NAMES, numberOf, PLAIN_NAMES } from "../variables/variables.ts";

/** Shortest name whose likeness to one of ours says anything: many programs have a `PORT` and a `HOST`. */
const LEAST_LENGTH = 8;
/** A prefix that somebody may give to all variables of this program. */
const OWN_PREFIX = /^SLUICE_+/;
/** What Kubernetes sets for a service of any name, in every pod. */
const OF_A_SERVICE = /_(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;

/** What was found of names that no part of the program reads. */
export interface UnknownNames {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** The variables that those of `problems` were likely meant to be. */
  readonly meant: ReadonlySet<string>;
}

/** Finds names that no part of the program reads: errors in our own families, warnings for what is like one of ours. */
export function findUnknownNames(layers: readonly Layer[]): UnknownNames {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const meantByProblems = new Set<string>();
  for (const layer of layers) {
    for (const [name, { label, text }] of layer.values) {
      if (isKnown(name)) continue;
      if (isOfFamily(name)) {
        const meant = closest(name, candidatesFor(name), Math.max(2, Math.floor(name.length / 4)));
        problems.push(problemOf(label, `There is no such variable${didYouMean(meant)}`));
        if (meant !== null) meantByProblems.add(meant);
      } else if (!OF_A_SERVICE.test(name) && !/^(tcp|udp|sctp):\/\//.test(text)) {
        const likeness = likenessOf(name.toUpperCase(), layer.kind);
        if (likeness !== null) {
          warnings.push(problemOf(label, `Nothing reads this variable${didYouMean(likeness.meant)}`));
        }
      }
    }
  }
  return { problems, warnings, meant: meantByProblems };
}

function didYouMean(meant: string | null): string {
  return meant === null ? "" : `; did you mean ${meant}?`;
}

/**
 * Finds what a name that is not ours is like: one of our names, or its beginning. A `.env` file is likely sluice's alone, so
 * that the first word is enough there (`STICKY_COOKIES`); the environment holds other programs' names, and a whole
 * name of ours must stand at the beginning of one (`CONNECTION_TIMEOUT_MS`), or very nearly be it.
 */
function likenessOf(name: string, source: Layer["kind"]): { readonly meant: string | null } | null {
  const bare = name.replace(OWN_PREFIX, "");
  const ours = bare !== name;
  const most = Math.max(ours ? 2 : 1, Math.floor(bare.length / (ours ? 4 : 6)));
  const meant = ours && isKnown(bare) ? bare : closest(bare, candidatesFor(bare), most);
  if (ours) return { meant };
  if (name.length < LEAST_LENGTH && source !== "env_file") return null;
  if (meant !== null && meant.length >= LEAST_LENGTH && name.length >= LEAST_LENGTH) return { meant };
  const begun = [...PLAIN_NAMES].filter((each) => each.length >= LEAST_LENGTH && name.startsWith(`${each}_`));
  if (begun.length > 0) return { meant: begun.toSorted((one, other) => other.length - one.length)[0]! };
  const [word = "", ...more] = name.split("_");
  if (source !== "env_file" || more.length === 0 || !FIRST_WORDS.has(word)) return null;
  const family = candidatesFor(name).filter((each) => each.startsWith(`${word}_`));
  return { meant: closest(name, family, Math.floor(name.length / 2)) };
}

/** First words of our names that have more than one. */
const FIRST_WORDS: ReadonlySet<string> = new Set(
  [...PLAIN_NAMES].filter((name) => name.includes("_")).map((name) => name.split("_")[0]!),
);

/** Finds the most similar of some words, if any is at most `most` edits away. */
export function closest(word: string, words: Iterable<string>, most: number): string | null {
  // the distance of a very long word costs its square, and it is none of ours
  if (word.length > 200) return null;
  let found: string | null = null;
  let least = most + 1;
  for (const each of words) {
    // each edit changes the length by one at most, so that most words need no closer look
    if (Math.abs(word.length - each.length) >= least) continue;
    const edits = distance(word, each);
    if (edits < least) {
      least = edits;
      found = each;
    }
  }
  return found;
}

/** Gives the names that a name may have meant, with its own number where it has one. */
function candidatesFor(name: string): string[] {
  const number = numberOf(name)?.number ?? Number(/\d{1,9}/.exec(name)?.[0] ?? 1);
  return [...PLAIN_NAMES, ...[...NUMBERED_NAMES].map((pattern) => pattern.replace("<N>", String(number)))];
}
