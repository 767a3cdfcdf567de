import type { NamedCondition } from "../../config/rule_condition.ts";
import { percentDecoded } from "../percent_decoding.ts";
import { compilePatterns } from "../wildcard.ts";
import type { ConditionType, RuleRequest } from "./condition.ts";

/** `_QUERY`: any of the parameters of that name, in any case, decoded. */
export const query: ConditionType<NamedCondition<"query">> = {
  compile({ name, patterns }) {
    const like = compilePatterns(patterns.map((each) => each.toLowerCase()));
    const wanted = name.toLowerCase();
    return (request) => parametersOf(request, wanted).some((value) => like(value.toLowerCase()));
  },
  value(condition, request) {
    const values = parametersOf(request, condition.name.toLowerCase());
    return values.length === 0 ? null : values.join(", ");
  },
};

/** The decoded values of a name (in lower case); a name without `=` has an empty one. */
function parametersOf(request: RuleRequest, name: string): string[] {
  const values: string[] = [];
  if (request.query === "") return values;
  for (const pair of request.query.slice(1).split("&")) {
    const at = pair.indexOf("=");
    const found = formDecoded(at < 0 ? pair : pair.slice(0, at));
    if (found.toLowerCase() === name) values.push(at < 0 ? "" : formDecoded(pair.slice(at + 1)));
  }
  return values;
}

/** `+` is a blank (WHATWG URL, section 5.1). */
function formDecoded(text: string): string {
  return percentDecoded(text.includes("+") ? text.replaceAll("+", " ") : text);
}
