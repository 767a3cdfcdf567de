import type { RuleRequest } from "../../src/rules/conditions/condition.ts";

/** A request as conditions see it: GET of http://example.com from 192.0.2.1, unless it is said otherwise. */
export function ruleRequest(
  { headers = [], ...given }: Partial<Omit<RuleRequest, "headerLines">> & {
    readonly headers?: readonly (readonly [name: string, value: string])[];
  } = {},
): RuleRequest {
  return {
    method: "GET",
    host: "example.com",
    query: "",
    clientAddress: "192.0.2.1",
    protocol: "http",
    ...given,
    headerLines: (name) => headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value),
  };
}
