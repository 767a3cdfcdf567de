import type { ExplainRequest, Explanation } from "../state/explanation.ts";
import { Exchange } from "../forwarding/exchange.ts";
import { fetchPreamble } from "../forwarding/fetch_transport.ts";
import { requestHeaders, targetHost } from "../forwarding/forwarded_headers.ts";
import { forwardedPath } from "../rules/rewrite.ts";
import { hostPort, type Snapshot, type TargetSnapshot } from "../state/group_snapshot.ts";
import { type Reason, REASONS } from "../state/reason.ts";
import { FLAG } from "../state/slot_layout.ts";
import { stateOfFlags } from "../state/target_state.ts";
import type { TargetTable } from "../state/target_table.ts";
import { compileSnapshot } from "./compiled_snapshot.ts";
import type { GroupRuntime } from "./group_runtime.ts";
import { checkBody } from "./middleware/forward_to_target.ts";
import { readRequestHead } from "./request_head.ts";

/** What an explanation stands on: what the data plane serves by. */
export interface ExplainContext {
  readonly snapshot: Snapshot;
  readonly table: TargetTable;
  readonly nowMs: () => number;
  readonly random: () => number;
}

/** The client's address in an explanation that names none. */
const EXPLAINED_CLIENT = "127.0.0.1";

/**
 * Says what would be done with a request, by walking it through the very functions that serve: the check of its head, the
 * prefix index, the group's choice (looked at, not taken), the headers. Sends nothing and moves nobody's turn.
 */
export function explain(question: ExplainRequest, context: ExplainContext): Explanation {
  const { snapshot } = context;
  const exchange = exchangeOf(question, context);
  const compiled = compileSnapshot(snapshot, context);
  const refused = readRequestHead(exchange);
  const blank = { ...EMPTY, method: exchange.method };
  if (refused !== null) return { ...blank, why: "The request is refused before any rule", answer: answerOf(refused) };
  const rules = compiled.rules.explainMatch(exchange.path).map(({ rule, verdict, why }) => ({
    number: rule.number,
    pathPrefix: rule.pathPrefix,
    targetGroup: rule.targetGroup,
    matched: verdict === "chosen",
    why,
  }));
  const path = exchange.path + exchange.query;
  const rule = compiled.rules.match(exchange.path);
  if (rule === null) {
    return { ...blank, path, rules, why: "No rule's prefix holds this path", answer: answerOf("no_rule") };
  }
  exchange.rule = rule;
  const group = compiled.groups.get(rule.targetGroup)!;
  const pairs = fetchPreamble(exchange.request.headers);
  const facts = requestHeaders(exchange, compiled.headers, pairs);
  const body = checkBody(exchange, facts, snapshot.listener.maxBodyBytes);
  const shared = {
    ...blank,
    path,
    rules,
    group: group.snapshot.name,
    algorithm: group.snapshot.algorithm,
    candidates: candidatesOf(group, exchange, context.table),
  };
  if (body !== null) return { ...shared, why: REASONS[body].text, answer: answerOf(body) };
  const pinned = group.pinned(exchange);
  const chosen = group.balancer.peek(group.key(exchange), pinned);
  if (chosen === null) {
    const reason = group.resolved ? "no_target" : "dns_failed";
    return { ...shared, why: REASONS[reason].text, answer: answerOf(reason) };
  }
  return {
    ...shared,
    chosen: addressOf(chosen),
    why: whyChosen(group, chosen, pinned),
    rewrite: rewriteSteps(exchange, question, chosen),
    headers: [["host", targetHost(chosen, group.preserveHost, exchange.host)], ...pairs],
  };
}

const EMPTY: Explanation = {
  method: "",
  path: null,
  rules: [],
  rewrite: [],
  group: null,
  algorithm: null,
  candidates: [],
  chosen: null,
  why: "",
  headers: [],
  answer: null,
};

/** A request as the listener would hand it over: the URL raw, Host from the headers or from an absolute URL. */
function exchangeOf(question: ExplainRequest, context: ExplainContext): Exchange {
  const absolute = /^https?:\/\//.test(question.url);
  const headers = new Headers(question.headers.map(([name, value]) => [name, value]));
  const authority = absolute ? question.url.split("/", 3)[2]!.split("?", 1)[0]! : "localhost";
  if (!headers.has("host")) headers.set("host", authority);
  const url = absolute ? question.url : `http://${headers.get("host")}${question.url}`;
  const request = { method: question.method, url, headers } as unknown as Request;
  const exchange = new Exchange(request, context.nowMs());
  exchange.peer = exchange.client = EXPLAINED_CLIENT;
  exchange.requestId = "explain";
  return exchange;
}

function candidatesOf(group: GroupRuntime, exchange: Exchange, table: TargetTable): Explanation["candidates"] {
  const list = group.balancer.candidates();
  const scores = group.balancer.scores(group.key(exchange));
  return group.snapshot.targets.map((target) => {
    const index = list.targets.indexOf(target);
    const flags = Atomics.load(table.flags, target.slot);
    return {
      target: addressOf(target),
      eligible: index !== -1,
      state: stateOfFlags(flags, true) + ((flags & FLAG.ejected) !== 0 ? " (ejected)" : ""),
      score: index === -1 ? "" : scores[index]!,
    };
  });
}

function rewriteSteps(exchange: Exchange, question: ExplainRequest, target: TargetSnapshot): Explanation["rewrite"] {
  const { pathRewrite, pathPrefix } = exchange.rule!;
  const stripped = forwardedPath(exchange.path, pathRewrite, "");
  return [
    { step: "as it came", path: question.url },
    { step: `canonical, matched by ${pathPrefix}`, path: exchange.path },
    { step: pathRewrite === "" ? "nothing to strip" : `rewrite strips ${pathRewrite}`, path: stripped },
    {
      step: target.base === "" ? "the target has no base" : `under the target's base ${target.base}`,
      path: forwardedPath(exchange.path, pathRewrite, target.base),
    },
    { step: "with its query", path: forwardedPath(exchange.path, pathRewrite, target.base) + exchange.query },
  ];
}

function whyChosen(group: GroupRuntime, chosen: TargetSnapshot, pinned: TargetSnapshot | null): string {
  if (chosen === pinned) return "The client's cookie pins it to this target";
  const { count } = group.balancer.candidates();
  if (count === 1) return "It is the only eligible target";
  const open = group.balancer.failedOpen ? " (no target is healthy, and FAIL_OPEN lets all serve)" : "";
  return `${group.snapshot.algorithm} chooses it among ${count} eligible targets${open}`;
}

function answerOf(reason: Reason): NonNullable<Explanation["answer"]> {
  return { reason, status: REASONS[reason].status, text: REASONS[reason].text };
}

function addressOf(target: TargetSnapshot): string {
  return hostPort(target.address, target.port);
}
