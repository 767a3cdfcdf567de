import type { Problem } from "../config_error.ts";
import { duration } from "../values/duration.ts";
import { BOOLEAN, integer } from "../values/value_kind.ts";
import type { Scene, Topic } from "./topic.ts";
import { unusedOptions } from "./unused.ts";
import { defineForGroups } from "./variable.ts";

/** Outlier ejection by live traffic. */
export const EJECTION = {
  enabled: defineForGroups("EJECTION_ENABLED", {
    kind: BOOLEAN,
    default: "false",
    doorDefaults: { backend_list: "true" },
    meaning: "Eject a target after several requests in a row could not connect to it.",
    example: "true",
  }),
  failures: defineForGroups("EJECTION_FAILURES", {
    kind: integer(1, 1000, "failures"),
    default: "5",
    doorDefaults: { backend_list: "1" },
    meaning: "Failed connections in a row until sluice ejects a target.",
    example: "3",
  }),
  timeMs: defineForGroups("EJECTION_TIME", {
    kind: duration(1),
    default: "10000",
    meaning: "Length of the first ejection. It doubles each time, up to 5 minutes, and ends when a probe succeeds.",
    example: "30s",
  }),
};

function adviceOnUnused(scene: Scene): Problem[] {
  return unusedOptions({
    variables: [EJECTION.failures, EJECTION.timeMs],
    isUsedBy: ({ ejection }) => ejection.enabled,
    why: () => "ejection is off (EJECTION_ENABLED=true turns it on)",
    switch: EJECTION.enabled,
  }, scene);
}

export const EJECTION_TOPIC: Topic = { name: "ejection", variables: EJECTION, adviceOn: adviceOnUnused };
