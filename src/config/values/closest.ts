import { distance } from "fastest-levenshtein";

/** Longer words are no misspelled names; the distance costs the square of the length. */
const LONGEST = 200;

/** Finds the most similar of some words, if any is at most `most` edits away. */
export function closest(word: string, words: Iterable<string>, most: number): string | null {
  if (word.length > LONGEST) return null;
  let found: string | null = null;
  let least = most + 1;
  for (const each of words) {
    // An edit changes the length by at most one, so a look at the length is enough for most words.
    if (Math.abs(word.length - each.length) >= least) continue;
    const edits = distance(word, each);
    if (edits < least) {
      least = edits;
      found = each;
    }
  }
  return found;
}
