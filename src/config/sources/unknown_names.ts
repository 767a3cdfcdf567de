import { type Problem, problemOf } from "../config_error.ts";
import { closest } from "../values/closest.ts";
import { isKnown, NUMBERED_NAMES, numberOf, PLAIN_NAMES } from "../variables/variables.ts";
import { isOfFamily } from "./service_links.ts";
import type { Layer } from "./sources.ts";

/** Most unknown names of a source that are compared with sluice's own: each comparison costs about 35 us. */
export const MOST_COMPARED = 1000;
/** Shorter names resemble sluice's by chance: many programs have a `PORT` and a `HOST`. */
const LEAST_LENGTH = 8;
/** A prefix that an operator may give to all of sluice's variables. */
const OWN_PREFIX = /^SLUICE_+/;
/** What Kubernetes sets in every pod for a service of any name. */
const OF_A_SERVICE = /_(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;

/** What was found out about names that sluice does not read. */
export interface UnknownNames {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** The variables that the names in `problems` were probably meant to be. */
  readonly meant: ReadonlySet<string>;
}

/**
 * Finds names that sluice does not read: problems in sluice's own families, warnings for other names like one of
 * sluice's. After the first {@linkcode MOST_COMPARED} unknown names of a source, problems have no suggestion and
 * warnings end.
 */
export function findUnknownNames(layers: readonly Layer[]): UnknownNames {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const meantByProblems = new Set<string>();
  for (const layer of layers) {
    let compared = 0;
    for (const [name, { label, text }] of layer.values) {
      if (isKnown(name)) continue;
      const mayCompare = compared < MOST_COMPARED;
      if (isOfFamily(name)) {
        const meant = mayCompare ? closest(name, candidatesFor(name), Math.max(2, Math.floor(name.length / 4))) : null;
        problems.push(problemOf(label, `There is no such variable${didYouMean(meant)}`));
        if (meant !== null) meantByProblems.add(meant);
      } else {
        if (!mayCompare || OF_A_SERVICE.test(name) || /^(tcp|udp|sctp):\/\//.test(text)) continue;
        const likeness = likenessOf(name.toUpperCase(), layer.kind);
        if (likeness !== null) {
          warnings.push(problemOf(label, `Nothing reads this variable${didYouMean(likeness.meant)}`));
        }
      }
      compared++;
    }
  }
  return { problems, warnings, meant: meantByProblems };
}

function didYouMean(meant: string | null): string {
  return meant === null ? "" : `; did you mean ${meant}?`;
}

/**
 * Finds which of sluice's names another name is like; null if it is like none. A `.env` file probably belongs to sluice
 * alone, so the same first word is enough there (`STICKY_COOKIES`). The environment holds other programs' names too:
 * there the name must begin with a whole name of sluice's (`CONNECTION_TIMEOUT_MS`), or be off by very little.
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

/** First words of sluice's names that have more than one word. */
const FIRST_WORDS: ReadonlySet<string> = new Set(
  [...PLAIN_NAMES].filter((name) => name.includes("_")).map((name) => name.split("_")[0]!),
);

/** Returns all names that a name could be meant to be; numbered ones get its number. */
function candidatesFor(name: string): string[] {
  const number = numberOf(name)?.number ?? Number(/\d{1,9}/.exec(name)?.[0] ?? 1);
  return [...PLAIN_NAMES, ...[...NUMBERED_NAMES].map((pattern) => pattern.replace("<N>", String(number)))];
}
