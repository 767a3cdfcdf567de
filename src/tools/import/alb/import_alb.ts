import type { Importer } from "../importer.ts";
import { Collector } from "../output/collector.ts";
import { both } from "../output/conditions.ts";
import type { Conditions } from "../output/imported.ts";
import { actionsOf, transformsOf } from "./actions.ts";
import { conditionsOf } from "./conditions.ts";
import { Groups } from "./groups.ts";
import { type Described, listOf, objectOf, type Outputs, part, readOutputs } from "./outputs.ts";

/**
 * Reads what `aws elbv2 describe-load-balancers`, `-listeners`, `-rules`, `-target-groups` and `-target-health` print.
 */
export const importAlb: Importer = (sources) => {
  const found = new Collector();
  const outputs = readOutputs(sources);
  const groups = new Groups(found, outputs);
  const plain = outputs.listeners.find((each) => each.value.Protocol === "HTTP");
  const tls = outputs.listeners.find((each) => each.value.Protocol === "HTTPS");
  for (const listener of outputs.listeners) readListener(listener, plain, tls, found);
  if (plain === undefined && tls !== undefined) {
    found.set("LISTENER_PORT", "off", part(tls.origin, ".Port", tls.value.Port), "LISTENER_TLS_PORT");
  }
  for (const balancer of outputs.balancers) readBalancer(balancer, outputs, found);
  for (const listener of outputs.listeners) {
    if (listener !== plain && listener !== tls) continue;
    const protocol = plain === undefined || tls === undefined ? {} : {
      protocol: {
        value: listener === tls ? "https" as const : "http" as const,
        from: part(listener.origin, ".Protocol", listener.value.Protocol),
      },
    };
    for (const rule of rulesOf(listener, outputs)) readRule(rule, protocol, groups, found);
  }
  groups.reportUnused();
  for (const { origin } of outputs.unknown) found.lose(origin, "no output of a call that sluice reads");
  return found;
};

function readListener(
  listener: Described,
  plain: Described | undefined,
  tls: Described | undefined,
  found: Collector,
): void {
  const { value, origin } = listener;
  const port = part(origin, ".Port", value.Port);
  if (listener === plain) found.set("LISTENER_PORT", String(value.Port), port);
  else if (listener === tls) found.set("LISTENER_TLS_PORT", String(value.Port), port);
  else {
    found.lose(
      port,
      `sluice has one port for HTTP and one for HTTPS: start another sluice for ${value.Protocol} on ${value.Port}`,
    );
  }
  for (const certificate of listOf(listener, "Certificates")) {
    const from = part(certificate.origin, ".CertificateArn", certificate.value.CertificateArn);
    found.lose(
      from,
      "sluice reads certificates from files, LISTENER_TLS_CERT and LISTENER_TLS_KEY, or gets them by ACME",
    );
  }
  if (value.SslPolicy !== undefined) {
    found.needless(part(origin, ".SslPolicy", value.SslPolicy), "sluice speaks TLS 1.2 and 1.3");
  }
  const mutual = objectOf(value.MutualAuthentication);
  if (mutual.Mode !== undefined && mutual.Mode !== "off") {
    found.lose(part(origin, ".MutualAuthentication", mutual.Mode), "sluice can't ask clients for certificates");
  }
}

/** The rules of a listener by their priority, the default one last; it may stand at the listener alone. */
function rulesOf(listener: Described, outputs: Outputs): Described[] {
  const id = String(listener.value.ListenerArn).replace(/^.*:listener\//, "");
  const only = outputs.listeners.length === 1;
  const own = outputs.rules.filter(({ value }) =>
    String(value.RuleArn ?? "").includes(`:listener-rule/${id}/`) || (only && value.RuleArn === undefined)
  );
  const priority = ({ value }: Described) => value.Priority === "default" ? Infinity : Number(value.Priority);
  const sorted = own.sort((one, other) => priority(one) - priority(other) || 0);
  const isDefault = (rule: Described) => rule.value.IsDefault === true || rule.value.Priority === "default";
  if (sorted.some(isDefault)) return sorted;
  const { DefaultActions: actions } = listener.value;
  const place = { place: `${listener.origin.place}.DefaultActions`, text: "" };
  return [...sorted, { value: { Actions: actions, Priority: "default" }, origin: place }];
}

function readRule(rule: Described, protocol: Partial<Conditions>, groups: Groups, found: Collector): void {
  const from = part(
    rule.origin,
    rule.value.RuleArn === undefined ? "" : ".Priority",
    `priority ${rule.value.Priority}`,
  );
  const alternatives = conditionsOf(listOf(rule, "Conditions"));
  if ("lost" in alternatives) {
    found.lose(alternatives.lost, alternatives.why);
    found.lose(from, "its rule was not carried over");
    return;
  }
  const acted = actionsOf(listOf(rule, "Actions"), groups, found);
  if (acted === null) {
    found.lose(from, "its rule was not carried over");
    return;
  }
  const settings = [...acted.settings, ...transformsOf(listOf(rule, "Transforms"), found)];
  for (const each of alternatives) {
    const conditions = both(each, protocol);
    const guard = acted.guard === undefined ? {} : { guard: acted.guard };
    if (conditions !== null) found.rule({ from: [from], conditions, action: acted.action, settings, ...guard });
  }
}

/** Attributes of a load balancer that set a variable; a value may set none. */
const ATTRIBUTES: Readonly<Record<string, (value: string) => readonly (readonly [name: string, value: string])[]>> = {
  "idle_timeout.timeout_seconds": (value) => [["STREAM_IDLE_TIMEOUT", `${value}s`]],
  "client_keep_alive.seconds": (value) => [["LISTENER_IDLE_TIMEOUT", `${value}s`]],
  "routing.http2.enabled": (value) => value === "false" ? [["LISTENER_HTTP2", "false"]] : [],
};

function readBalancer({ value, origin }: Described, outputs: Outputs, found: Collector): void {
  const name = part(origin, ".LoadBalancerName", value.LoadBalancerName);
  if (value.Type !== undefined && value.Type !== "application") {
    found.lose(part(origin, ".Type", value.Type), "sluice takes the place of application load balancers");
  }
  // An ALB tells targets of the client by X-Forwarded-For, -Port and -Proto.
  found.set("HEADER_CONVENTION_ENABLE", "true", name);
  for (const each of outputs.attributes.get(String(value.LoadBalancerArn)) ?? []) {
    const [key, text] = [String(each.value.Key), String(each.value.Value)];
    const from = part(each.origin, "", `${key}=${text}`);
    const pairs = Object.hasOwn(ATTRIBUTES, key) ? ATTRIBUTES[key]!(text) : [];
    for (const [variable, set] of pairs) found.set(variable, set, from);
    if (pairs.length === 0) found.needless(from, "no counterpart, or the default");
  }
}
