import type { ErrorBody } from "../model.ts";
import { BOOLEAN, oneOf } from "../values/value_kind.ts";
import type { Topic } from "./topic.ts";
import { define } from "./variable.ts";

/** Responses that sluice makes itself, such as errors. */
export const OWN_RESPONSES = {
  errorBody: define("ERROR_BODY", {
    kind: oneOf<ErrorBody>(["empty", "json", "text"]),
    default: "empty",
    meaning: "Body of error responses that sluice makes itself.",
    example: "json",
  }),
  reasonHeader: define("REASON_HEADER", {
    kind: BOOLEAN,
    default: "false",
    meaning: "Add the reason to sluice's own responses, as `X-Sluice-Reason`.",
    example: "true",
  }),
};

export const OWN_RESPONSES_TOPIC: Topic = { name: "own responses", variables: OWN_RESPONSES };
