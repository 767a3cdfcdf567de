import type { ExplainBasis, ExplainRequest, Explanation } from "../../views/explanation.ts";
import { fetchHeaders } from "../../forwarding/fetch/fetch_headers.ts";
import { prepareLines } from "../../forwarding/headers/request_lines.ts";
import type { ReceivedRequest } from "../../front/received_request.ts";
import { BadHead } from "../../http1/request_head.ts";
import { peekedTurns } from "../../balancing/turns.ts";
import { strippedPrefix, underBase } from "../../rules/rewrite.ts";
import { conditionsText } from "../../views/rule_words.ts";
import { hostPort, type RuleSnapshot, type TargetSnapshot } from "../../state/group_snapshot.ts";
import { type Reason, REASONS } from "../../state/reason.ts";
import { checkRequest } from "../chain/check_request.ts";
import { Exchange, Received } from "../chain/exchange.ts";
import { editsOf } from "../chain/header_edits.ts";
import { clientOrigin, clientUrl } from "../chain/location_rewrite.ts";
import { plan } from "../chain/plan.ts";
import { asksForStats } from "../chain/stats_response.ts";
import { whyNotForwarded } from "../chain/why_not_forwarded.ts";
import { type CompiledSnapshot, compileSnapshot, headersFor } from "../compiled_snapshot.ts";
import { GroupRuntime } from "../group_runtime.ts";
import { RuleQuestion } from "../chain/rule_question.ts";
import { addressOf, explainCandidates, whyChosen } from "./explain_candidates.ts";
import { engineNotes } from "./engine_notes.ts";
import { receivedBy, refusalOf, wireWouldPass } from "./explained_request.ts";
import { groupsOf, rulesOf, textOf } from "./explain_rule.ts";
import { isListenerItself } from "./listener_itself.ts";
import { explainedTrace, headersOfTrace } from "./trace_headers.ts";
import { headerPairs } from "./header_pairs.ts";

/** What an explanation stands on, and how this process knows time and chance. */
export interface ExplainContext extends ExplainBasis {
  readonly nowMs: () => number;
  readonly random: () => number;
}

/** The request id that the convention would make up. */
const EXPLAINED_ID = "(made up for each request)";

/**
 * Says what would be done with a request, by walking it through the very functions that serve: the check of its head,
 * the rules, the group's choice (looked at, not taken), the headers. Sends nothing and moves nobody's turn.
 */
export function explain(question: ExplainRequest, context: ExplainContext): Explanation {
  const { listener } = context.snapshot;
  const received = receivedBy(listener.front, question, protocolOf(question, context));
  const compiled = compileSnapshot(context.snapshot, {
    ...context,
    turns: peekedTurns(context.table),
    traceHeaders: headersOfTrace(),
  });
  const exchange = exchangeOf(received, context);
  const explanation = received instanceof BadHead
    ? {
      ...EMPTY,
      method: question.method,
      why: `Refused while its head is read: ${received.rule}`,
      answer: refusalOf(received),
    }
    : walkThrough({ question, received, exchange, compiled, context });
  const shown = { ...explanation, engine: listener.front.engine };
  if (shown.answer === null) return shown;
  // A response of sluice's own has its headers changed too.
  const edits = editsOf(compiled.edits, exchange.routed.rule)?.response ?? null;
  return { ...shown, responseHeaders: edits?.describe(exchange.received, null) ?? null };
}

function walkThrough(walk: Walk): Explanation {
  const { received, exchange, compiled, context } = walk;
  const refused = checkRequest(exchange.received, received, context.snapshot.listener.upstreamTransport);
  const blank: Explanation = { ...EMPTY, method: exchange.received.method };
  if (refused !== null) {
    return { ...blank, why: `Refused before any rule: ${REASONS[refused].text}`, answer: answerOf(refused) };
  }
  const path = exchange.received.path + exchange.received.query;
  if (asksForStats(exchange.received, compiled.snapshot.listener)) {
    const text = `${exchange.received.path} is STATS_PATH`;
    return { ...blank, path, why: `${text}, which goes before any rule`, answer: { status: 200, reason: null, text } };
  }
  const planned = plan(exchange, compiled);
  const known = { ...blank, path, client: exchange.received.client, rules: rulesOf(exchange, compiled) };
  if (planned === "no_rule") {
    return { ...known, why: "No rule's conditions hold for this request", answer: answerOf(planned) };
  }
  if (typeof planned === "string") return { ...known, why: REASONS[planned].text, answer: answerOf(planned) };
  if (planned instanceof GroupRuntime) {
    const groups = groupsOf(exchange, compiled);
    return explainForwarding({ ...known, groups }, { ...walk, group: planned });
  }
  const answer = { status: planned.status, reason: planned.reason, text: textOf(planned) };
  const { rule } = exchange.routed;
  const by = rule === null ? "LISTENER_HTTPS_REDIRECT goes before any rule" : `Rule ${rule.number} answers by itself`;
  return { ...known, why: `${by}: ${answer.text}`, answer };
}

interface Walk {
  readonly question: ExplainRequest;
  readonly received: ReceivedRequest;
  readonly exchange: Exchange;
  readonly compiled: CompiledSnapshot;
  readonly context: ExplainContext;
}

/** The part after a rule was found: the body's check, the group's choice, what would be sent. */
function explainForwarding(known: Explanation, walk: Walk & { readonly group: GroupRuntime }): Explanation {
  const { question, received, exchange, compiled, context, group } = walk;
  const { listener } = compiled.snapshot;
  const { lines } = received;
  const byFetch = received.upgrade === null && listener.upstreamTransport === "fetch";
  const said = prepareLines(received, exchange.received, headersFor(exchange.received, compiled));
  exchange.received.identify(said);
  const refused = whyNotForwarded(received, said.loop, listener);
  const pinned = group.pinned(exchange.received);
  const balancer = group.balancerFor(exchange.received);
  const chosen = balancer.peek(group.key(exchange.received), pinned);
  const { algorithm } = balancer;
  const shared: Explanation = {
    ...known,
    client: exchange.received.client,
    engineNotes: received.unfit() === null
      ? engineNotes(listener.front.engine, received, byFetch)
      : wireWouldPass(listener, question),
    group: group.snapshot.name,
    algorithm: algorithm.name,
    choice: algorithm.choice,
    key: algorithm.usesKey === true ? group.key(exchange.received) : null,
    pinned: pinned === null ? null : addressOf(pinned),
    candidates: explainCandidates(group, exchange, {
      chosen: refused === null ? chosen : null,
      pinned,
      basis: context,
    }),
  };
  if (refused !== null) {
    const reason = typeof refused === "string" ? refused : refused.reason;
    const answer = answerOf(reason);
    const { status = answer.status, detail = null } = typeof refused === "string" ? {} : refused;
    if (received.upgrade !== null && detail !== null) {
      return { ...shared, why: `Not a WebSocket handshake: ${detail}`, answer: { status, reason, text: detail } };
    }
    return { ...shared, why: `Refused before a target is chosen: ${detail ?? answer.text}`, answer };
  }
  if (chosen === null) {
    const reason = group.resolved ? "no_target" : "dns_failed";
    return { ...shared, why: REASONS[reason].text, answer: answerOf(reason) };
  }
  const rewrite = rewriteSteps(exchange, question, chosen);
  const host = group.hostFor(exchange, chosen);
  if (comesBack(chosen, { exchange, sent: rewrite.at(-1)!.path, host }, compiled)) {
    const why = `The target ${addressOf(chosen)} is this listener itself: the request comes back, and is refused then`;
    return { ...shared, chosen: addressOf(chosen), why, rewrite, answer: answerOf("loop") };
  }
  const edits = editsOf(compiled.edits, exchange.routed.rule);
  const own = edits === null || edits.request === null
    ? said.own
    : edits.request.apply({ lines, own: said.own }, exchange.received, chosen);
  const sent: [string, string][] = byFetch
    ? Object.entries(fetchHeaders({ host, lines, own }))
    : [["host", host], ...headerPairs(lines), ...own];
  const added: [string, string][] = received.upgrade === null
    ? explainedTrace(compiled.headers.traceHeaders, lines.get("baggage"))
    : [["upgrade", received.upgrade], ["connection", "upgrade"]];
  return {
    ...shared,
    chosen: addressOf(chosen),
    why: whyChosen(balancer, chosen, pinned),
    limits: {
      connectMs: byFetch ? null : listener.connectTimeoutMs,
      headersMs: listener.connectionTimeoutMs,
    },
    rewrite,
    headers: [...sent.map(([name, value]): [string, string] => [name.toLowerCase(), value]), ...added],
    responseHeaders: edits?.response?.describe(exchange.received, chosen) ?? null,
    locations: group.snapshot.locationRewrite ? explainLocations(exchange, compiled, chosen) : null,
  };
}

/**
 * Tells whether the request would be at this listener again and find a rule there, which is where `Via` is looked at.
 */
function comesBack(
  chosen: TargetSnapshot,
  { exchange, sent, host }: { readonly exchange: Exchange; readonly sent: string; readonly host: string },
  { snapshot, headers, rules }: CompiledSnapshot,
): boolean {
  if (headers.via === null || !isListenerItself(chosen, snapshot)) return false;
  const { received } = exchange;
  const again = new Received(received.method, received.startedMs);
  const [path = "", query] = sent.split("?", 2);
  again.path = path;
  again.query = query === undefined ? "" : `?${query}`;
  again.host = host;
  again.peer = received.peer;
  again.lines = received.lines;
  return rules.match(path, new RuleQuestion(again, headers)) !== null;
}

const EMPTY: Explanation = {
  engine: "wire",
  engineNotes: [],
  method: "",
  path: null,
  client: null,
  rules: [],
  groups: [],
  rewrite: [],
  group: null,
  algorithm: null,
  choice: null,
  key: null,
  pinned: null,
  candidates: [],
  chosen: null,
  why: "",
  limits: null,
  headers: [],
  responseHeaders: null,
  locations: null,
  answer: null,
};

/** A path alone comes to the plain port, if there is one. */
function protocolOf({ url }: ExplainRequest, { snapshot: { listenerPort, tlsPort } }: ExplainContext) {
  const secure = url.startsWith("/") ? listenerPort === 0 && tlsPort > 0 : /^https:/i.test(url) && tlsPort > 0;
  return secure ? "https" : "http";
}

function exchangeOf(received: ReceivedRequest | BadHead, context: ExplainContext): Exchange {
  const known = received instanceof BadHead ? null : received;
  const exchange = new Exchange(known?.method ?? "-", context.nowMs());
  exchange.received.requestId = EXPLAINED_ID;
  if (known === null) return exchange;
  exchange.received.lines = known.lines;
  exchange.received.peer = exchange.received.client = known.peer;
  exchange.received.protocol = known.protocol;
  return exchange;
}

function rewriteSteps(exchange: Exchange, question: ExplainRequest, target: TargetSnapshot): Explanation["rewrite"] {
  const { received: { path, query }, routed } = exchange;
  const stripped = underBase(routed.strippedPath, "");
  const whole = underBase(routed.strippedPath, target.base);
  const steps = [
    { step: "as it came", path: question.url },
    { step: `canonical, matched by ${conditionsText(routed.rule!)}`, path },
    { step: rewriteText(routed.rule!, stripped !== path), path: stripped },
    { step: target.base === "" ? "the target has no base" : `under the target's base ${target.base}`, path: whole },
  ];
  return query === "" ? steps : [...steps, { step: "with its query", path: whole + query }];
}

function rewriteText({ action }: RuleSnapshot, changed: boolean): string {
  const rewrite = action.kind === "forward" ? action.rewrite : null;
  if (rewrite === null) return "no rewrite";
  if (rewrite.kind === "strip") {
    return changed ? `rewrite strips ${rewrite.prefix}` : `rewrite ${rewrite.prefix} strips nothing`;
  }
  const expression = `${rewrite.regex} to ${rewrite.replacement}`;
  return changed ? `rewrite ${expression}` : `rewrite ${expression} changes nothing`;
}

function explainLocations(exchange: Exchange, { headers }: CompiledSnapshot, target: TargetSnapshot) {
  const from = `${target.scheme}://${hostPort(target.host, target.port)}${target.base}/`;
  const origin = clientOrigin(exchange.received, headers);
  const to = clientUrl(from, {
    origin,
    target,
    rewrite: strippedPrefix(exchange.routed.rule!),
    path: exchange.received.path,
  });
  return { from, to: to! };
}

function answerOf(reason: Reason): NonNullable<Explanation["answer"]> {
  return { reason, status: REASONS[reason].status, text: REASONS[reason].text };
}
