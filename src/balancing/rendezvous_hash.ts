import { type GroupSnapshot, targetKey, type TargetSnapshot } from "../state/group_snapshot.ts";
import { type Algorithm, type CandidateList, wasTried } from "./algorithm.ts";
import { hashText, mix } from "./text_hash.ts";

/** What is computed once for a list: each target's hash by its identity, and the weights if they count. */
interface Prepared {
  readonly hashes: Uint32Array;
  /** Null if all weigh the same. */
  readonly weights: Float64Array | null;
}

/**
 * Rendezvous (highest random weight) hashing: the key is mixed with each target's own hash, and the highest result
 * wins. A target that comes or goes moves only the keys it wins or won, spread evenly over the others. Target hashes
 * derive from scheme, address, port and base, so that every thread, replica and restart chooses alike.
 *
 * Weights count if entries have different ones: the score is -weight / ln(u), for which a target's share is its part of
 * the sum. Entries that weigh the same make targets that weigh the same, however many addresses each has: a weight that
 * is shared out anew whenever an address comes would move keys between the others.
 *
 * O(n), about 3 us at 1000 targets: each candidate's mix is a handful of integer operations; the logarithm is taken
 * only of those that can still win. A hash ring would look up in O(log n) but spread less evenly and be rebuilt with
 * each change. Ties: the first in the group's order (one in 2^32). Source: D. Thaler, C. Ravishankar, Using Name-Based
 * Mappings to Increase Hit Rates (1998); weights: J. Resch (2015).
 */
export const rendezvousHash: Algorithm = {
  name: "HASH",
  aliases: [],
  choice: "the hash of this target and the request's key is the highest",
  usesKey: true,
  usesWeights: true,
  prepare(candidates, group): Prepared {
    const hashes = Uint32Array.from(candidates.targets, (target) => hashText(targetKey(target)));
    return {
      hashes,
      weights: weightsDiffer(group) ? Float64Array.from(candidates.targets, ({ weight }) => weight) : null,
    };
  },
  create() {
    return (candidates, key) => {
      const { weights } = candidates.prepared as Prepared;
      const keyHash = hashText(key);
      return weights === null ? highest(candidates, keyHash) : highestWeighted(candidates, weights, keyHash);
    };
  },
  score(candidates: CandidateList, index, { keyHash }) {
    const { hashes, weights } = candidates.prepared as Prepared;
    const unit = toUnit(mix(keyHash ^ hashes[index]!));
    return weights === null
      ? `hash ${unit.toFixed(6)}`
      : `hash ${unit.toFixed(6)}, weight ${weights[index]}: ${(-weights[index]! / Math.log(unit)).toFixed(3)}`;
  },
};

function highest(candidates: CandidateList, keyHash: number): number {
  const { hashes } = candidates.prepared as Prepared;
  let best = 0;
  let top = -1;
  for (let index = 0; index < hashes.length; index++) {
    const score = mix(keyHash ^ hashes[index]!);
    if (score > top && !wasTried(candidates, index)) {
      top = score;
      best = index;
    }
  }
  return best;
}

function highestWeighted(candidates: CandidateList, weights: Float64Array, keyHash: number): number {
  const { hashes } = candidates.prepared as Prepared;
  let best = 0;
  let top = -1;
  for (let index = 0; index < hashes.length; index++) {
    const unit = toUnit(mix(keyHash ^ hashes[index]!));
    const weight = weights[index]!;
    // -ln(u) is at least 1 - u, so the score is at most weight / (1 - u).
    if (weight <= top * (1 - unit)) continue;
    const score = -weight / Math.log(unit);
    if (score > top && !wasTried(candidates, index)) {
      top = score;
      best = index;
    }
  }
  return best;
}

/** Tells whether any two entries (a host as configured, with its port and base) have different weights. */
function weightsDiffer(group: GroupSnapshot): boolean {
  const sums = new Map<string, number>();
  for (const target of group.targets) {
    const entry = entryOf(target);
    sums.set(entry, (sums.get(entry) ?? 0) + target.weight);
  }
  const weights = [...sums.values()];
  // A sum of thirds is not quite 1.
  return weights.some((weight) => Math.abs(weight - weights[0]!) > 1e-6);
}

function entryOf({ scheme, host, port, base }: TargetSnapshot): string {
  return targetKey({ scheme, address: host, port, base });
}

/** In (0, 1), neither end included. */
function toUnit(hash: number): number {
  return (hash + 0.5) / 0x1_0000_0000;
}
