import type { NamedCondition } from "../../config/rule_condition.ts";
import { percentDecoded } from "../percent_decoding.ts";
import { compilePatterns } from "../wildcard.ts";
import type { ConditionType } from "./condition.ts";
import { NamedValues } from "./named_values.ts";

/** `_QUERY`: any of the parameters of that name, in any case, decoded. */
export const query: ConditionType<NamedCondition<"query">> = {
  compile({ name, patterns }) {
    const like = compilePatterns(patterns.map((each) => each.toLowerCase()));
    const wanted = name.toLowerCase();
    return (request) => parameters.of(request, wanted).some((value) => like(value.toLowerCase()));
  },
  value(condition, request) {
    const values = parameters.of(request, condition.name.toLowerCase());
    return values.length === 0 ? null : values.join(", ");
  },
};

/** The decoded values by names in lower case; a name without `=` has an empty one. */
const parameters = new NamedValues(({ query }, add) => {
  if (query === "") return;
  for (const pair of query.slice(1).split("&")) {
    const at = pair.indexOf("=");
    add(
      formDecoded(at < 0 ? pair : pair.slice(0, at)).toLowerCase(),
      at < 0 ? "" : formDecoded(pair.slice(at + 1)),
    );
  }
});

/** `+` is a blank (WHATWG URL, section 5.1). */
function formDecoded(text: string): string {
  return percentDecoded(text.includes("+") ? text.replaceAll("+", " ") : text);
}
