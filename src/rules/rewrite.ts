import type { RuleConfig } from "../config/rule.ts";
import { underPrefix } from "../config/values/path_prefix.ts";

const SLASH = 0x2f;

/**
 * The path that a target is sent: its base, then what the rewrite leaves of the canonical path. The rewrite strips
 * whole segments, and nothing if it does not match; its own last `/` stays with the path (`/api/` leaves `/x` of
 * `/api/x`).
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { forwardedPath } from "./rewrite.ts";
 * assert.equal(forwardedPath("/my/listener/resource", "/my/listener", "/v1"), "/v1/resource");
 * assert.equal(forwardedPath("/api", "/api", "/v1"), "/v1");
 * assert.equal(forwardedPath("/api", "/api", ""), "/");
 * ```
 */
export function forwardedPath(path: string, rewrite: string, base: string): string {
  return underBase(strippedPath(path, rewrite), base);
}

/** What the rewrite leaves of a canonical path: begins with "/", or is empty if nothing is left. */
export function strippedPath(path: string, rewrite: string): string {
  if (rewrite.length === 0 || !underPrefix(path, rewrite)) return path;
  const last = rewrite.length - 1;
  return path.slice(rewrite.charCodeAt(last) === SLASH ? last : last + 1);
}

/** Puts a target's base in front of what the rewrite left. */
export function underBase(rest: string, base: string): string {
  if (base.length === 0) return rest.length === 0 ? "/" : rest;
  return rest.length === 0 ? base : base + rest;
}

/**
 * The way back: the path under which a client reaches what is at a target's `path`. A path that is not below the
 * target's base stays as it is, since no path of the rule leads there.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { clientPath } from "./rewrite.ts";
 * assert.equal(clientPath("/v1/x", { asked: "/api/y", rewrite: "/api", base: "/v1" }), "/api/x");
 * assert.equal(clientPath("/other", { asked: "/api/y", rewrite: "/api", base: "/v1" }), "/other");
 * ```
 *
 * @param way.asked The canonical path that the client asked for: it tells whether the rewrite stripped anything.
 */
export function clientPath(path: string, way: { asked: string; rewrite: string; base: string }): string {
  const { asked, rewrite, base } = way;
  if (!underPrefix(path, base)) return path;
  const rest = path.slice(base.length);
  if (rewrite.length === 0 || !underPrefix(asked, rewrite)) return rest.length === 0 ? "/" : rest;
  const last = rewrite.length - 1;
  const slash = rewrite.charCodeAt(last) === SLASH;
  return slash && rest.length !== 0 ? rewrite.slice(0, last) + rest : rewrite + rest;
}

/** The prefix that a rule strips of its paths; empty if it strips none. */
export function strippedPrefix({ action }: Pick<RuleConfig, "action">): string {
  return action.kind === "forward" && action.rewrite?.kind === "strip" ? action.rewrite.prefix : "";
}
