import type { PathPrefixCondition } from "../../config/rule_condition.ts";
import { canonicalPath } from "../canonical_path.ts";
import { underPrefix } from "../../config/values/path_prefix.ts";
import type { ConditionType } from "./condition.ts";

/** `_PATH_PREFIX`: whole segments. */
export const pathPrefix: ConditionType<PathPrefixCondition> = {
  compile({ prefix }) {
    const canonical = canonicalPath(prefix) ?? prefix;
    return (_request, path) => underPrefix(path, canonical);
  },
  value: (_condition, _request, path) => path,
};
