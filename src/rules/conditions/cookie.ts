import type { NamedCondition } from "../../config/rule_condition.ts";
import { percentDecoded } from "../percent_decoding.ts";
import { compilePatterns } from "../wildcard.ts";
import type { ConditionType } from "./condition.ts";
import { NamedValues } from "./named_values.ts";

/** `_COOKIE`: any of the cookies of that name, by case, decoded. */
export const cookie: ConditionType<NamedCondition<"cookie">> = {
  compile({ name, patterns }) {
    const like = compilePatterns(patterns);
    return (request) => cookies.of(request, name).some(like);
  },
  value(condition, request) {
    const values = cookies.of(request, condition.name);
    return values.length === 0 ? null : values.join("; ");
  },
};

/** The decoded values of all Cookie lines (RFC 6265 section 4.2.1), without quotes around them. */
const cookies = new NamedValues((request, add) => {
  for (const line of request.headerLines("cookie")) {
    for (const pair of line.split(";")) {
      const at = pair.indexOf("=");
      if (at < 0) continue;
      const value = pair.slice(at + 1).trim();
      const quoted = value.length >= 2 && value.startsWith('"') && value.endsWith('"');
      add(percentDecoded(pair.slice(0, at).trim()), percentDecoded(quoted ? value.slice(1, -1) : value));
    }
  }
});
