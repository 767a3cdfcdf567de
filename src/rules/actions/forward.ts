import type { ForwardAction, PathRewrite } from "../../config/rule_action.ts";
import { canonicalPath } from "../canonical_path.ts";
import { compileRegex } from "../regex.ts";
import { strippedPath } from "../rewrite.ts";

/** Changes a canonical path before sluice adds the target's base; null if the result is not canonical. */
export type Rewrite = (path: string) => string | null;

/** An action by which requests go to target groups. */
export interface Forwards {
  readonly kind: "forward";
  readonly action: ForwardAction;
  readonly rewrite: Rewrite;
}

/** `_TARGET_GROUP`: one of the rule's groups, under another path if the rule says so. */
export function forward(action: ForwardAction): Forwards {
  return { kind: "forward", action, rewrite: compileRewrite(action.rewrite) };
}

function compileRewrite(rewrite: PathRewrite | null): Rewrite {
  if (rewrite === null) return (path) => path;
  if (rewrite.kind === "strip") {
    const prefix = canonicalPath(rewrite.prefix) ?? rewrite.prefix;
    return (path) => strippedPath(path, prefix);
  }
  const regex = compileRegex(rewrite.regex);
  const pieces = rewrite.replacement.split(/(\$(?:\$|\d+|\{\d+\}))/);
  return (path) => {
    const matcher = regex.matcher(path);
    if (!matcher.find()) return path;
    let replaced = path.slice(0, matcher.start());
    for (const piece of pieces) {
      if (!piece.startsWith("$")) replaced += piece;
      else if (piece === "$$") replaced += "$";
      else replaced += matcher.group(Number(piece.replace(/[${}]/g, ""))) ?? "";
    }
    replaced += path.slice(matcher.end());
    return canonicalPath(replaced.startsWith("/") ? replaced : `/${replaced}`);
  };
}
