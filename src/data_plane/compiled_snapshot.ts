import { TrustedProxies } from "../forwarding/headers/client_address.ts";
import type { HeaderSettings } from "../forwarding/headers/header_settings.ts";
import { compilePrefixIndex, type PrefixIndex } from "../rules/prefix_index.ts";
import type { RuleSnapshot, Snapshot } from "../state/group_snapshot.ts";
import type { Received } from "./chain/exchange.ts";
import { clientOrigin } from "./chain/location_rewrite.ts";
import { GroupRuntime, type RuntimeContext } from "./group_runtime.ts";

/** A snapshot in the form that requests are served by: everything that can be made once has been. */
export interface CompiledSnapshot {
  readonly snapshot: Snapshot;
  readonly rules: PrefixIndex<RuleSnapshot>;
  readonly groups: ReadonlyMap<string, GroupRuntime>;
  readonly headers: HeaderSettings;
  /** The same for clients that came with TLS. */
  readonly secureHeaders: HeaderSettings;
}

const NOTHING: ReadonlySet<string> = new Set();

/** Compiles a snapshot. */
export function compileSnapshot(snapshot: Snapshot, context: RuntimeContext): CompiledSnapshot {
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
  const cameByTls = (received: Received) =>
    clientOrigin(received, received.protocol === "https" ? secureHeaders : headers).scheme === "https";
  return {
    snapshot,
    rules: compilePrefixIndex(snapshot.rules),
    groups: new Map(snapshot.groups.map((group) => [group.name, new GroupRuntime(group, context, cameByTls)])),
    headers,
    secureHeaders,
  };
}
