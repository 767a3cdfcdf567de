/** What an ALB's calls describe, small: one listener, one group, and what a row of docs/alb.md is about. */

const ARN = "arn:aws:elasticloadbalancing:eu-west-1:1";

/** The ARN of a group that {@linkcode albWith} describes. */
export const groupArn = (name: string) => `${ARN}:targetgroup/${name}/1`;

/** Passes requests on to a group. */
export const forward = (name = "app") => ({ Type: "forward", TargetGroupArn: groupArn(name) });

/** What is added to the small load balancer. */
export interface AlbParts {
  readonly listener?: object;
  readonly more?: readonly object[];
  readonly rule?: object;
  readonly balancer?: Readonly<Record<string, string>>;
  readonly group?: object;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly target?: object;
}

/** The outputs of all calls for a load balancer with these parts. */
export function albWith(parts: AlbParts): string {
  const group = (name: string) => ({
    TargetGroupArn: groupArn(name),
    TargetGroupName: name,
    Protocol: "HTTP",
    Port: 80,
    TargetType: "ip",
    HealthCheckEnabled: false,
    ...parts.group,
  });
  const attributes = (all: Readonly<Record<string, string>> = {}) =>
    Object.entries(all).map(([Key, Value]) => ({ Key, Value }));
  const rules = parts.rule === undefined
    ? []
    : [{ Priority: "7", Conditions: [], Actions: [forward()], ...parts.rule }];
  return JSON.stringify({
    LoadBalancers: [{ LoadBalancerArn: `${ARN}:loadbalancer/app/web/1`, LoadBalancerName: "web", Type: "application" }],
    [`${ARN}:loadbalancer/app/web/1`]: { Attributes: attributes(parts.balancer) },
    Listeners: [{ Protocol: "HTTP", Port: 80, DefaultActions: [forward()], ...parts.listener }, ...parts.more ?? []],
    Rules: rules,
    TargetGroups: [group("app"), group("other")],
    [groupArn("app")]: {
      TargetHealthDescriptions: [{ Target: { Id: "10.0.0.1", Port: 80, ...parts.target } }],
      Attributes: attributes(parts.attributes),
    },
    [groupArn("other")]: { TargetHealthDescriptions: [{ Target: { Id: "10.0.0.2", Port: 80 } }] },
  });
}

/** A rule with one condition. */
export function asking(Field: string, config: string, value: object): AlbParts {
  return { rule: { Conditions: [{ Field, [config]: value }] } };
}
