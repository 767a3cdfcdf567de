import type { Collector } from "../output/collector.ts";
import { GroupList } from "../output/group_list.ts";
import type { ImportedTarget, Origin, Setting } from "../output/imported.ts";
import { type Described, objectOf, type Outputs, part } from "./outputs.ts";

/** Attributes of groups that set a variable; a value may set none. */
const ATTRIBUTES: Readonly<Record<string, (value: string) => readonly (readonly [name: string, value: string])[]>> = {
  "stickiness.enabled": (value) => value === "true" ? [["STICKINESS_ENABLED", "true"]] : [],
  "load_balancing.algorithm.type": (value) => {
    const names: Record<string, string> = {
      round_robin: "ROUND_ROBIN",
      least_outstanding_requests: "LEAST_OUTSTANDING_REQUESTS",
      weighted_random: "RANDOM",
    };
    return names[value] === undefined ? [] : [["ALGORITHM", names[value]]];
  },
  "slow_start.duration_seconds": (value) => value === "0" ? [] : [["SLOW_START", `${value}s`]],
  "deregistration_delay.timeout_seconds": (value) => [["DEREGISTRATION_DELAY", `${value}s`]],
};

/** Attributes that count with stickiness of one type alone. */
const STICKY: Readonly<Record<string, readonly [type: string, name: string, unit: string]>> = {
  "stickiness.lb_cookie.duration_seconds": ["lb_cookie", "STICKINESS_TTL", "s"],
  "stickiness.app_cookie.cookie_name": ["app_cookie", "STICKINESS_COOKIE", ""],
  "stickiness.app_cookie.duration_seconds": ["app_cookie", "STICKINESS_TTL", "s"],
};

/** Makes target groups of those that rules name. */
export class Groups {
  readonly #found: Collector;
  readonly #list: GroupList;
  readonly #outputs: Outputs;
  readonly #used = new Set<Described>();

  constructor(found: Collector, outputs: Outputs) {
    this.#found = found;
    this.#list = new GroupList(found);
    this.#outputs = outputs;
  }

  /** The name of the group of an ARN; null if no file describes it, or sluice can't use it. */
  nameOf(arn: string, from: Origin): string | null {
    const group = this.#outputs.groups.find((each) => each.value.TargetGroupArn === arn);
    if (group === undefined) {
      this.#found.lose(from, `no file describes the target group ${arn}`);
      return null;
    }
    this.#used.add(group);
    const { value, origin } = group;
    if (value.TargetType === "lambda" || value.TargetType === "alb") {
      this.#found.lose(part(origin, ".TargetType", value.TargetType), "targets of sluice's are HTTP servers");
      return null;
    }
    if (value.ProtocolVersion === "GRPC") {
      this.#found.lose(part(origin, ".ProtocolVersion", "GRPC"), "sluice does not pass gRPC on");
    }
    return this.#list.nameFor(arn, String(value.TargetGroupName), (name) => ({
      name,
      from: [part(origin, ".TargetGroupName", value.TargetGroupName)],
      targets: this.#targets(group, arn),
      settings: this.#settings(group, arn),
    }));
  }

  /** Says which groups no rule names. */
  reportUnused(): void {
    for (const group of this.#outputs.groups) {
      if (!this.#used.has(group)) {
        this.#found.needless(
          part(group.origin, ".TargetGroupName", group.value.TargetGroupName),
          "no rule names this group",
        );
      }
    }
  }

  #targets({ value, origin }: Described, arn: string): ImportedTarget[] {
    const scheme = value.Protocol === "HTTPS" ? "https://" : "";
    const health = this.#outputs.health.get(arn) ?? [];
    const targets: ImportedTarget[] = [];
    for (const each of health) {
      const target = objectOf(each.value.Target);
      const id = String(target.Id);
      const from = part(each.origin, ".Target", `${id}:${target.Port}`);
      if (id.startsWith("i-")) {
        this.#found.lose(from, "an instance's number is no address: write its private address or name there");
      }
      const host = id.includes(":") ? `[${id}]` : id;
      targets.push({ address: `${scheme}${host}:${target.Port ?? value.Port}`, weight: 1, from });
    }
    if (targets.length > 0) return targets;
    const from = part(origin, ".Port", value.Port);
    this.#found.lose(from, `no target is known: give the output of describe-target-health as {"${arn}": ...}`);
    return [{
      address: `${scheme}${String(value.TargetGroupName).toLowerCase()}.invalid:${value.Port}`,
      weight: 1,
      from,
    }];
  }

  #settings({ value, origin }: Described, arn: string): Setting[] {
    const settings: Setting[] = [];
    const add = (name: string, field: string, text: unknown) => {
      if (text !== undefined) {
        settings.push({ name, value: String(text), from: [part(origin, `.${field}`, value[field] ?? "")] });
      }
    };
    // An ALB gives targets the client's Host, and sends requests to all if none is healthy.
    settings.push({
      name: "PRESERVE_HOST",
      value: "true",
      from: [part(origin, ".TargetGroupName", value.TargetGroupName)],
    });
    settings.push({
      name: "FAIL_OPEN",
      value: "true",
      from: [part(origin, ".TargetGroupName", value.TargetGroupName)],
    });
    if (value.HealthCheckEnabled !== false) {
      add("HEALTH_CHECK_ENABLED", "HealthCheckEnabled", "true");
      add("HEALTH_CHECK_PATH", "HealthCheckPath", value.HealthCheckPath);
      if (value.HealthCheckPort !== "traffic-port") add("HEALTH_CHECK_PORT", "HealthCheckPort", value.HealthCheckPort);
      const seconds = (text: unknown) => text === undefined ? undefined : `${text}s`;
      add("HEALTH_CHECK_INTERVAL", "HealthCheckIntervalSeconds", seconds(value.HealthCheckIntervalSeconds));
      add("HEALTH_CHECK_TIMEOUT", "HealthCheckTimeoutSeconds", seconds(value.HealthCheckTimeoutSeconds));
      add("HEALTH_CHECK_SUCCEED_THRESHOLD", "HealthyThresholdCount", value.HealthyThresholdCount);
      add("HEALTH_CHECK_FAILURE_THRESHOLD", "UnhealthyThresholdCount", value.UnhealthyThresholdCount);
      add("HEALTH_CHECK_MATCHER", "Matcher", objectOf(value.Matcher).HttpCode);
    }
    const attributes = this.#outputs.attributes.get(arn) ?? [];
    const valueOf = (key: string) => attributes.find((each) => each.value.Key === key)?.value.Value;
    const sticky = valueOf("stickiness.enabled") === "true";
    for (const each of attributes) {
      const [key, text] = [String(each.value.Key), String(each.value.Value)];
      const from = part(each.origin, "", `${key}=${text}`);
      const pairs = Object.hasOwn(ATTRIBUTES, key) ? ATTRIBUTES[key]!(text) : [];
      const [type, name, unit] = STICKY[key] ?? [];
      if (name !== undefined && sticky && valueOf("stickiness.type") === type && text !== "") {
        settings.push({ name, value: text + unit, from: [from] });
      } else if (pairs.length > 0) {
        for (const [variable, set] of pairs) settings.push({ name: variable, value: set, from: [from] });
      } else this.#found.needless(from, "no counterpart, or the default");
    }
    return settings;
  }
}
