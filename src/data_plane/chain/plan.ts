import type { RuleAnswer } from "../../rules/actions/action.ts";
import type { Reason } from "../../state/reason.ts";
import { type CompiledSnapshot, headersFor } from "../compiled_snapshot.ts";
import { clientOrigin } from "./location_rewrite.ts";
import type { GroupRuntime } from "../group_runtime.ts";
import type { Exchange, Received } from "./exchange.ts";
import { RuleQuestion } from "./rule_question.ts";

/** What becomes of a request: a group gets it, its rule answers, or sluice refuses it. */
export type Plan = GroupRuntime | RuleAnswer | Reason;

/**
 * Decides what to do with a request whose head was read: finds its rule, and does what the rule's action says. It notes
 * rule, group and path in the exchange. The chain and `explain` both call it, so that neither can say something else
 * than the other.
 */
export function plan({ received, routed }: Exchange, compiled: CompiledSnapshot): Plan {
  const { rules, turns } = compiled;
  const headers = headersFor(received, compiled);
  const question = new RuleQuestion(received, headers);
  const { toHttps } = compiled;
  // `OPTIONS *` asks of the server itself, and has no address that could be asked for instead.
  if (toHttps !== null && received.path !== "*" && clientOrigin(received, headers).scheme === "http") {
    received.client = question.clientAddress;
    return toHttps.answer(question);
  }
  const rule = rules.match(rulePath(received), question);
  if (rule === null) {
    received.client = question.clientAddress;
    return "no_rule";
  }
  routed.rule = rule;
  const { act, groups } = rule;
  if (act.kind !== "forward") {
    received.client = question.clientAddress;
    return act.answer(question);
  }
  const path = act.rewrite(received.path);
  if (path === null) return "bad_request";
  const { group, pin, by } = groups!.choose(received, question, turns);
  routed.group = group.snapshot;
  routed.groupBy = by;
  routed.strippedPath = path;
  routed.hostRewrite = act.action.hostRewrite;
  routed.rulePin = pin;
  return group;
}

/** The path as rules see it: `OPTIONS *` asks of the server itself (RFC 9110 section 9.3.7), which is for "/". */
export function rulePath({ path }: Received): string {
  return path === "*" ? "/" : path;
}
