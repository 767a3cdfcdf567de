import type { Conditions } from "./imported.ts";

/** Both conditions at once; null if sluice can't ask for both, as a rule has one test of the path. */
export function both(one: Conditions, other: Partial<Conditions>): Conditions | null {
  const single = (a: readonly unknown[], b: readonly unknown[] = []) => a.length > 0 && b.length > 0;
  if (one.path && other.path && JSON.stringify(one.path.value) !== JSON.stringify(other.path.value)) return null;
  if (one.protocol && other.protocol && one.protocol.value !== other.protocol.value) return null;
  if (single(one.hosts, other.hosts) || single(one.methods, other.methods) || single(one.sourceIps, other.sourceIps)) {
    return null;
  }
  const path = one.path ?? other.path;
  const protocol = one.protocol ?? other.protocol;
  return {
    ...path === undefined ? {} : { path },
    ...protocol === undefined ? {} : { protocol },
    hosts: [...one.hosts, ...other.hosts ?? []],
    methods: [...one.methods, ...other.methods ?? []],
    headers: [...one.headers, ...other.headers ?? []],
    cookies: [...one.cookies, ...other.cookies ?? []],
    queries: [...one.queries, ...other.queries ?? []],
    sourceIps: [...one.sourceIps, ...other.sourceIps ?? []],
  };
}
