import { prefixOf, type RuleConfig } from "../config/rule.ts";

/** Says which requests a rule takes, as people think of it: `/api`. */
export function conditionsText(rule: Pick<RuleConfig, "conditions">): string {
  return prefixOf(rule);
}

/** Says what a rule does with its requests: `api, strips /api`. */
export function actionText({ action }: Pick<RuleConfig, "action">): string {
  return action.pathRewrite === "" ? action.group : `${action.group}, strips ${action.pathRewrite}`;
}
