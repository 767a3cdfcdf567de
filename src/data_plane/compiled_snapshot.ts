import type { Turns } from "../balancing/turns.ts";
import { TrustedProxies } from "../forwarding/headers/client_address.ts";
import type { HeaderSettings } from "../forwarding/headers/header_settings.ts";
import type { Answers } from "../rules/actions/action.ts";
import type { Forwards } from "../rules/actions/forward.ts";
import { compileAction } from "../rules/actions/registry.ts";
import { redirect } from "../rules/actions/redirect.ts";
import { RuleIndex } from "../rules/rule_index.ts";
import type { RuleSnapshot, Snapshot } from "../state/group_snapshot.ts";
import type { Received } from "./chain/exchange.ts";
import { compileEdits, type SnapshotEdits } from "./chain/header_edits.ts";
import { clientOrigin } from "./chain/location_rewrite.ts";
import type { FillSettings } from "./chain/placeholders.ts";
import { GroupRuntime, type RuntimeContext } from "./group_runtime.ts";
import { RuleGroups } from "./rule_groups.ts";

/** A rule in the form that requests are served by. */
export interface CompiledRule extends RuleSnapshot {
  readonly act: Forwards | Answers;
  /** Null if the rule answers by itself. */
  readonly groups: RuleGroups | null;
}

/** A snapshot in the form that requests are served by: everything that can be made once has been. */
export interface CompiledSnapshot {
  readonly snapshot: Snapshot;
  readonly rules: RuleIndex<CompiledRule>;
  readonly groups: ReadonlyMap<string, GroupRuntime>;
  readonly headers: HeaderSettings;
  /** The same for clients that came with TLS. */
  readonly secureHeaders: HeaderSettings;
  /** LISTENER_HTTPS_REDIRECT: the response to clients that came without TLS; null if it is off. */
  readonly toHttps: Answers | null;
  /** Whose turn it is among the groups of a rule. */
  readonly turns: Turns;
  /** Changes of headers; null if there are none. */
  readonly edits: SnapshotEdits | null;
}

const NOTHING: ReadonlySet<string> = new Set();

/** Compiles a snapshot. */
export function compileSnapshot(
  snapshot: Snapshot,
  context: RuntimeContext & { readonly turns?: Turns },
): CompiledSnapshot {
  const { listener } = snapshot;
  const headers: HeaderSettings = {
    via: listener.via ? `1.1 sluice-${snapshot.instance}` : null,
    convention: listener.headerConvention,
    listenerPort: String(snapshot.listenerPort),
    scheme: "http",
    trusted: new TrustedProxies(listener.trustedProxies),
    traceHeaders: context.traceHeaders ?? NOTHING,
  };
  const secureHeaders: HeaderSettings = { ...headers, listenerPort: String(snapshot.tlsPort), scheme: "https" };
  const settingsFor = ({ protocol }: Pick<Received, "protocol">) => protocol === "https" ? secureHeaders : headers;
  const cameByTls = (received: Received) => clientOrigin(received, settingsFor(received)).scheme === "https";
  const fillSettings: FillSettings = {
    trusted: headers.trusted,
    listenerPort: (received) => settingsFor(received).listenerPort,
    scheme: (received) => clientOrigin(received, settingsFor(received)).scheme,
  };
  const groups = new Map(snapshot.groups.map((group) => [group.name, new GroupRuntime(group, context, cameByTls)]));
  return {
    snapshot,
    rules: new RuleIndex(snapshot.rules.map((rule) => compileRule(rule, groups, context))),
    groups,
    headers,
    secureHeaders,
    toHttps: listener.tls?.redirects === true ? toHttps(listener.tls.redirectPort ?? snapshot.tlsPort) : null,
    turns: context.turns ?? context.table,
    edits: compileEdits(listener.headers, snapshot.rules, fillSettings),
  };
}

/** What is known of the listener that a request came to. */
export function headersFor({ protocol }: Received, { headers, secureHeaders }: CompiledSnapshot): HeaderSettings {
  return protocol === "https" ? secureHeaders : headers;
}

function toHttps(port: number): Answers {
  return redirect({ kind: "redirect", status: 308, location: `https://#{host}:${port}/#{path}?#{query}` });
}

function compileRule(
  rule: RuleSnapshot,
  groups: ReadonlyMap<string, GroupRuntime>,
  { random }: RuntimeContext,
): CompiledRule {
  const { action } = rule;
  const act = compileAction(action);
  return { ...rule, act, groups: action.kind === "forward" ? new RuleGroups(rule, action, { groups, random }) : null };
}
