import { distance } from "fastest-levenshtein";
import { type Problem, problemOf } from "./config_error.ts";
import { isOfFamily } from "./service_links.ts";
import type { Layer } from "./sources.ts";
import { isKnown, NUMBERED_NAMES, numberOf, PLAIN_NAMES } from "./variables.ts";

/** Shortest name whose likeness to one of ours says anything: many programs have a `PORT` and a `HOST`. */
const LEAST_LENGTH = 8;

/** Finds names that no part of the program reads: errors in our own families, warnings for what is nearly one of ours. */
export function findUnknownNames(layers: readonly Layer[]): { problems: Problem[]; warnings: Problem[] } {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  for (const layer of layers) {
    // the environment holds other programs' names, so that a likeness there has to be greater
    const likeness = layer.kind === "env_file" ? 2 : 1;
    for (const [name, { label }] of layer.values) {
      if (isKnown(name)) continue;
      if (isOfFamily(name)) {
        const meant = closest(name, candidatesFor(name), Math.max(2, Math.floor(name.length / 4)));
        problems.push(problemOf(label, `There is no such variable${meant === null ? "" : `; did you mean ${meant}?`}`));
      } else if (name.length >= LEAST_LENGTH) {
        const meant = closest(name.toUpperCase(), candidatesFor(name.toUpperCase()), likeness);
        if (meant !== null && meant.length >= LEAST_LENGTH) {
          warnings.push(problemOf(label, `Nothing reads this variable; did you mean ${meant}?`));
        }
      }
    }
  }
  return { problems, warnings };
}

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
