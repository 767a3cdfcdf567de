import type { Exchange } from "./exchange.ts";
import { strippedPath } from "../../rules/rewrite.ts";
import type { Reason } from "../../state/reason.ts";
import type { CompiledSnapshot } from "../compiled_snapshot.ts";
import type { GroupRuntime } from "../group_runtime.ts";

/**
 * Decides what to do with a request whose head was read: finds its rule, and does what the rule's action says. It notes
 * rule, group and path in the exchange, and gives the group; or the reason why sluice answers by itself. The chain and
 * `explain` both call it, so that neither can say something else than the other.
 */
export function plan({ received, routed }: Exchange, { rules, groups }: CompiledSnapshot): GroupRuntime | Reason {
  // `OPTIONS *` asks of the server itself (RFC 9110 section 9.3.7): the rules see it as a request for "/".
  const rule = rules.match(received.path === "*" ? "/" : received.path);
  if (rule === null) return "no_rule";
  const { action } = rule;
  const group = groups.get(action.group)!;
  routed.rule = rule;
  routed.group = group.snapshot;
  routed.strippedPath = strippedPath(received.path, action.pathRewrite);
  return group;
}
