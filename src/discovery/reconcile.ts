/** The difference between what is there and what was discovered. */
export interface Difference<Current, Found> {
  /** Discovered, and not there yet; in discovery's order. */
  readonly added: readonly Found[];
  /** There and discovered. */
  readonly kept: readonly (readonly [Current, Found])[];
  /** There, and not discovered any more. */
  readonly removed: readonly Current[];
}

/**
 * Finds what joins, stays and leaves. Discovery always brings the whole truth, never a change; this is the one place
 * that makes changes of it (after Pingora's `discover` and `do_update`). Both maps go by the same key.
 */
export function reconcile<Current, Found>(
  current: ReadonlyMap<string, Current>,
  discovered: ReadonlyMap<string, Found>,
): Difference<Current, Found> {
  const added: Found[] = [];
  const kept: [Current, Found][] = [];
  const removed: Current[] = [];
  for (const [key, found] of discovered) {
    const existing = current.get(key);
    if (existing === undefined) added.push(found);
    else kept.push([existing, found]);
  }
  for (const [key, existing] of current) {
    if (!discovered.has(key)) removed.push(existing);
  }
  return { added, kept, removed };
}
