import type { NamedCondition } from "../../config/rule_condition.ts";
import { percentDecoded } from "../percent_decoding.ts";
import { compilePatterns } from "../wildcard.ts";
import type { ConditionType, RuleRequest } from "./condition.ts";

/** `_COOKIE`: any of the cookies of that name, by case, decoded. */
export const cookie: ConditionType<NamedCondition<"cookie">> = {
  compile({ name, patterns }) {
    const like = compilePatterns(patterns);
    return (request) => cookiesOf(request, name).some(like);
  },
  value(condition, request) {
    const values = cookiesOf(request, condition.name);
    return values.length === 0 ? null : values.join("; ");
  },
};

/** The values of a name, in all Cookie lines (RFC 6265 section 4.2.1), without quotes around them. */
function cookiesOf(request: RuleRequest, name: string): string[] {
  const values: string[] = [];
  for (const line of request.headerLines("cookie")) {
    for (const pair of line.split(";")) {
      const at = pair.indexOf("=");
      if (at < 0 || percentDecoded(pair.slice(0, at).trim()) !== name) continue;
      const value = pair.slice(at + 1).trim();
      const quoted = value.length >= 2 && value.startsWith('"') && value.endsWith('"');
      values.push(percentDecoded(quoted ? value.slice(1, -1) : value));
    }
  }
  return values;
}
