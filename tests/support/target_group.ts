import type { AlgorithmOptions } from "../../src/config/model.ts";
import { findAlgorithm } from "../../src/balancing/registry.ts";
import { GroupBalancer } from "../../src/balancing/candidates.ts";
import type { GroupSnapshot, TargetSnapshot } from "../../src/state/group_snapshot.ts";
import type { TargetTable } from "../../src/state/target_table.ts";

const DEFAULT_OPTIONS: AlgorithmOptions = { hashKey: { from: "client-ip" } };

/** Makes a target `10.0.x.y:80` of weight 1 at a slot, but for what is given. */
export function makeTarget(slot: number, given: Partial<TargetSnapshot> = {}): TargetSnapshot {
  const address = `10.0.${slot >> 8}.${slot & 255}`;
  return { slot, scheme: "http", host: address, address, port: 80, base: "", weight: 1, tls: null, ...given };
}

/** Makes a group of round robin, with a target of each given weight at slots 0, 1, ..., but for what is given. */
export function makeGroup(weights: readonly number[], given: Partial<GroupSnapshot> = {}): GroupSnapshot {
  return {
    name: "test",
    algorithm: "ROUND_ROBIN",
    algorithmOptions: DEFAULT_OPTIONS,
    stickiness: null,
    preserveHost: false,
    locationRewrite: false,
    failOpen: false,
    resolved: true,
    cursor: 0,
    targets: weights.map((weight, slot) => makeTarget(slot, { weight })),
    ...given,
  };
}

/** Makes the balancer of a group with the group's algorithm, dice and clock given or fixed. */
export function makeBalancer(
  group: GroupSnapshot,
  table: TargetTable,
  { random = () => 0.5, nowMs = () => 1_000_000 }: { random?: () => number; nowMs?: () => number } = {},
): GroupBalancer {
  return new GroupBalancer(group, table, { algorithm: findAlgorithm(group.algorithm)!, context: { random, nowMs } });
}

/** Makes dice that give the same rolls in every run (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
