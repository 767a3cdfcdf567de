import type { Collector } from "../output/collector.ts";
import type { Action, From, Origin, Setting } from "../output/imported.ts";
import { fittingWhole, toRe2 } from "../output/re2.ts";
import type { Groups } from "./groups.ts";
import { type Described, objectOf, part } from "./outputs.ts";

/** What the actions of a rule do: one decides, others may come before it. */
export interface Acted {
  readonly action: From<Action>;
  readonly settings: readonly Setting[];
  readonly guard?: Origin;
}

/** Reads the actions of a rule in their order; null if sluice can't do what they do. */
export function actionsOf(all: readonly Described[], groups: Groups, found: Collector): Acted | null {
  let guard: Origin | undefined;
  for (const action of [...all].sort((one, other) => Number(one.value.Order ?? 0) - Number(other.value.Order ?? 0))) {
    const type = String(action.value.Type);
    if (type === "forward") {
      const forward = forwardOf(action, groups, found);
      return forward === null ? null : { ...forward, ...guard === undefined ? {} : { guard } };
    }
    if (type === "redirect") return { action: redirectOf(action), settings: [] };
    if (type === "fixed-response") return { action: fixedOf(action), settings: [] };
    guard = part(action.origin, ".Type", type);
    found.lose(
      guard,
      type === "jwt-validation" ? "look for _JWT_JWKS" : "sluice has no sign-in of its own; look for _FORWARD_AUTH",
    );
  }
  return null;
}

function forwardOf(action: Described, groups: Groups, found: Collector): Omit<Acted, "guard"> | null {
  const config = objectOf(action.value.ForwardConfig);
  const listed = (config.TargetGroups ?? []) as { TargetGroupArn?: string; Weight?: number }[];
  const wanted = listed.length > 0 ? listed : [{ TargetGroupArn: String(action.value.TargetGroupArn) }];
  const from = part(action.origin, listed.length > 0 ? ".ForwardConfig" : ".TargetGroupArn", "forward");
  const names = wanted.flatMap(({ TargetGroupArn: arn = "", Weight: weight = 1 }) => {
    const name = groups.nameOf(arn, from);
    return name === null ? [] : [{ name, weight }];
  });
  if (names.length === 0) {
    found.lose(from, "it names no target group that sluice can use");
    return null;
  }
  const sticky = objectOf(config.TargetGroupStickinessConfig);
  const settings: Setting[] = [];
  // With one group there is nothing to stay with.
  if (sticky.Enabled === true && names.length > 1) {
    const origin = part(action.origin, ".ForwardConfig.TargetGroupStickinessConfig", sticky);
    settings.push({ name: "STICKINESS_ENABLED", value: "true", from: [origin] });
    settings.push({ name: "STICKINESS_TTL", value: `${sticky.DurationSeconds ?? 3600}s`, from: [origin] });
  }
  return { action: { value: { kind: "forward", groups: names }, from }, settings };
}

function redirectOf({ value, origin }: Described): From<Action> {
  const config = objectOf(value.RedirectConfig);
  const text = (name: string, otherwise: string) => String(config[name] ?? otherwise);
  const protocol = text("Protocol", "#{protocol}");
  const query = text("Query", "#{query}");
  const location = `${protocol.startsWith("#") ? protocol : protocol.toLowerCase()}://${text("Host", "#{host}")}:` +
    `${text("Port", "#{port}")}${text("Path", "/#{path}")}${query === "" ? "" : `?${query}`}`;
  const status = config.StatusCode === "HTTP_301" ? 301 : 302;
  return { value: { kind: "redirect", status, location }, from: part(origin, ".RedirectConfig", config.StatusCode) };
}

function fixedOf({ value, origin }: Described): From<Action> {
  const config = objectOf(value.FixedResponseConfig);
  const status = Number(config.StatusCode ?? 200);
  const type = String(config.ContentType ?? "text/plain").replace(/;.*$/s, "");
  const body = status === 204 || status === 304 ? "" : String(config.MessageBody ?? "");
  return { value: { kind: "fixed", status, type, body }, from: part(origin, ".FixedResponseConfig", status) };
}

/** Reads the transforms of a rule: a new path, a new host. */
export function transformsOf(all: readonly Described[], found: Collector): Setting[] {
  return all.flatMap(({ value, origin }): Setting[] => {
    const path = value.Type === "url-rewrite";
    const config = objectOf(value[path ? "UrlRewriteConfig" : "HostHeaderRewriteConfig"]);
    const from = part(origin, ".Type", value.Type);
    const [first, ...more] = (config.Rewrites ?? []) as { Regex?: string; Replace?: string }[];
    const regex = toRe2(first?.Regex ?? "");
    const to = first?.Replace ?? "";
    if (first === undefined || more.length > 0 || regex === null || /\s/.test(regex + to)) {
      found.lose(from, "a rule of sluice's has one rewrite, in RE2's syntax");
      return [];
    }
    if (path) {
      return [{
        name: "REWRITE_REGEX",
        value: `${regex.startsWith("^") ? regex : fittingWhole(regex)} ${to}`,
        from: [from],
      }];
    }
    if (!to.includes("$")) return [{ name: "HOST_REWRITE", value: to, from: [from] }];
    found.lose(from, "_HOST_REWRITE takes a fixed name");
    return [];
  });
}
