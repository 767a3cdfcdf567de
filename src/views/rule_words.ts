import type { RuleConfig } from "../config/rule.ts";
import type { RuleAction } from "../config/rule_action.ts";
import type { RuleCondition } from "../config/rule_condition.ts";

/** Says which requests a rule takes, as people think of it: `api.example.com /v1 GET|HEAD`. */
export function conditionsText({ conditions }: Pick<RuleConfig, "conditions">): string {
  if (conditions.length === 0) return "every request";
  const hosts = conditions.filter(({ kind }) => kind === "host");
  return [...hosts, ...conditions.filter(({ kind }) => kind !== "host")].map(conditionText).join(" ");
}

/** Says what one condition asks for. */
function conditionText(condition: RuleCondition): string {
  const { kind, text } = condition;
  switch (kind) {
    case "host":
    case "path_prefix":
    case "path":
    case "method":
      return text;
    case "path_regex":
      return `~${text}`;
    default:
      return `${kind.replace("_", "-")} ${text}`;
  }
}

/** Says what a rule does with its requests: `api 90 %, canary 10 %`, `redirect 301 https://#{host}/`. */
export function actionText({ action }: Pick<RuleConfig, "action">): string {
  switch (action.kind) {
    case "redirect":
      return `redirect ${action.status} ${action.location}`;
    case "fixed_response":
      return `response ${action.status}`;
    case "forward":
      return [groupsText(action.groups), ...changesOf(action)].join(", ");
  }
}

function groupsText(groups: Extract<RuleAction, { readonly kind: "forward" }>["groups"]): string {
  if (groups.length === 1) return groups[0]!.name;
  const sum = groups.reduce((total, { weight }) => total + weight, 0);
  return groups.map(({ name, weight }) => `${name} ${Number((100 * weight / sum).toFixed(1))} %`).join(", ");
}

function changesOf({ rewrite, hostRewrite }: Extract<RuleAction, { readonly kind: "forward" }>): string[] {
  const path = rewrite === null
    ? []
    : rewrite.kind === "strip"
    ? [`strips ${rewrite.prefix}`]
    : [`rewrites ${rewrite.regex} to ${rewrite.replacement}`];
  return hostRewrite === null ? path : [...path, `host ${hostRewrite}`];
}
