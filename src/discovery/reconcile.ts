/** The difference between the present members and the discovered ones. */
export interface Difference<Current, Found> {
  /** Discovered, but not present; in discovery's order. */
  readonly added: readonly Found[];
  /** Present and discovered. */
  readonly kept: readonly (readonly [Current, Found])[];
  /** Present, but not discovered any more. */
  readonly removed: readonly Current[];
}

/**
 * Finds what joins, stays and leaves. Discovery always returns all targets, never a change; changes are found here
 * alone (after Pingora's `discover` and `do_update`). Both maps have the same keys.
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
