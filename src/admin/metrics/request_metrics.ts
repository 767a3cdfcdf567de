import { groupsOf } from "../../config/rule_action.ts";
import { conditionsText } from "../../views/rule_words.ts";
import { type Reason, REASONS, RULE_ANSWERS } from "../../state/reason.ts";
import type { SystemReading } from "../readings/system_reading.ts";
import { type FamilyRow, single } from "./metric_family.ts";

/** Metrics of clients' requests. */
export const REQUEST_METRICS: readonly FamilyRow<SystemReading>[] = [
  single(
    "counter",
    "sluice_requests_received_total",
    "Requests that arrived.",
    ({ requests }) => requests.arrived,
  ),
  {
    type: "counter",
    name: "sluice_requests_total",
    help:
      "Finished requests by status class, responses by sluice itself included; 499 (the client disconnected) is in " +
      "4xx.",
    add: (family, { requests }) => family.addClasses({}, requests.statusClasses),
  },
  single("gauge", "sluice_requests_in_flight", "Open requests.", ({ requests }) => requests.inFlight),
  single("counter", "sluice_request_bytes_total", "Bytes of request bodies.", ({ requests }) => requests.requestBytes),
  single(
    "counter",
    "sluice_response_bytes_total",
    "Bytes of response bodies.",
    ({ requests }) => requests.responseBytes,
  ),
  {
    type: "counter",
    name: "sluice_own_answers_total",
    help: "Responses by sluice itself, by reason.",
    add(family, { requests }) {
      for (const [reason, count] of Object.entries(requests.reasons)) {
        // A rule's own answers have the rule's status.
        const status = RULE_ANSWERS.has(reason as Reason) ? "" : REASONS[reason as Reason].status;
        family.add({ reason, status }, count);
      }
    },
  },
  {
    type: "counter",
    name: "sluice_rule_requests_total",
    help: "Finished requests by listener rule and status class.",
    add(family, { rules }) {
      for (const { rule, statusClasses } of rules) {
        const labels = {
          rule: rule.number,
          conditions: conditionsText(rule),
          target_group: groupsOf(rule.action).join(","),
        };
        family.addClasses(labels, statusClasses);
      }
    },
  },
];
