import type { TabledSample } from "./sample.ts";

const LB = "arn:aws:elasticloadbalancing:eu-west-1:123456789012";

/** A target group with its targets, as two calls describe them. */
function group(
  name: string,
  targets: readonly string[],
  more: object = {},
  attributes: Record<string, string> = {},
): object {
  const arn = `${LB}:targetgroup/${name}/1`;
  return {
    TargetGroups: [{
      TargetGroupArn: arn,
      TargetGroupName: name,
      Protocol: "HTTP",
      Port: 80,
      TargetType: "ip",
      HealthCheckEnabled: true,
      HealthCheckPath: "/",
      HealthCheckPort: "traffic-port",
      HealthCheckIntervalSeconds: 30,
      HealthCheckTimeoutSeconds: 5,
      HealthyThresholdCount: 5,
      UnhealthyThresholdCount: 2,
      Matcher: { HttpCode: "200" },
      ...more,
    }],
    [arn]: {
      TargetHealthDescriptions: targets.map((target) => ({
        Target: { Id: target.replace("}}", "_host}}"), Port: target.replace("}}", "_port}}") },
        TargetHealth: { State: "healthy" },
      })),
      Attributes: Object.entries(attributes).map(([Key, Value]) => ({ Key, Value })),
    },
  };
}

function listener(protocol: string, port: unknown, action: object, more: object = {}): object {
  const arn = `${LB}:listener/app/web/1/${protocol.toLowerCase()}`;
  return { Listeners: [{ ListenerArn: arn, Protocol: protocol, Port: port, DefaultActions: [action], ...more }] };
}

function rule(protocol: string, priority: number, conditions: object[], action: object, more: object = {}): object {
  return {
    RuleArn: `${LB}:listener-rule/app/web/1/${protocol.toLowerCase()}/${priority}`,
    Priority: String(priority),
    Conditions: conditions,
    Actions: [action],
    IsDefault: false,
    ...more,
  };
}

const forward = (name: string) => ({ Type: "forward", TargetGroupArn: `${LB}:targetgroup/${name}/1` });
const path = (...Values: string[]) => ({ Field: "path-pattern", PathPatternConfig: { Values } });
const host = (...Values: string[]) => ({ Field: "host-header", HostHeaderConfig: { Values } });

/** Outputs as `aws` prints them: one after another. */
function outputs(...all: object[]): string {
  return all.map((each) => JSON.stringify(each, null, 1)).join("\n");
}

/** What the calls describe of load balancers, each with what people use them for most. */
export const ALB_SAMPLES: readonly TabledSample[] = [
  {
    title: "one listener, one target group",
    config: outputs(
      {
        LoadBalancers: [{
          LoadBalancerArn: `${LB}:loadbalancer/app/web/1`,
          LoadBalancerName: "web",
          Type: "application",
        }],
      },
      listener("HTTP", "{{listen}}", forward("app")),
      group("app", ["{{a}}", "{{a2}}"], { HealthCheckPath: "/health", Matcher: { HttpCode: "200-299" } }),
    ),
    has: [
      "LISTENER_PORT=8080",
      "HEADER_CONVENTION_ENABLE=true",
      "TARGET_GROUP_1_NAME=app",
      "TARGET_GROUP_1_TARGETS=127.0.0.1:9001,127.0.0.1:9002",
      "TARGET_GROUP_1_FAIL_OPEN=true",
      "TARGET_GROUP_1_HEALTH_CHECK_PATH=/health",
      "TARGET_GROUP_1_HEALTH_CHECK_INTERVAL=30s",
      "TARGET_GROUP_1_HEALTH_CHECK_SUCCEED_THRESHOLD=5",
      "TARGET_GROUP_1_HEALTH_CHECK_MATCHER=200-299",
      "LISTENER_RULE_1_PATH_PREFIX=/",
    ],
    answers: [["GET any.example /x?y=1", "a /x?y=1"]],
  },
  {
    title: "rules by host, path, header, query and method in the order of their priorities",
    config: outputs(
      listener("HTTP", "{{listen}}", { Type: "fixed-response", FixedResponseConfig: { StatusCode: "404" } }),
      {
        Rules: [
          rule("HTTP", 30, [host("shop.example", "*.shop.example")], forward("shop")),
          rule("HTTP", 10, [path("/api/*"), host("shop.example")], forward("api")),
          rule("HTTP", 20, [
            { Field: "http-header", HttpHeaderConfig: { HttpHeaderName: "X-Beta", Values: ["yes", "1*"] } },
            { Field: "http-request-method", HttpRequestMethodConfig: { Values: ["GET"] } },
          ], forward("beta")),
          rule("HTTP", 40, [
            {
              Field: "query-string",
              QueryStringConfig: { Values: [{ Key: "v", Value: "2" }, { Key: "new", Value: "*" }] },
            },
            { Field: "source-ip", SourceIpConfig: { Values: ["127.0.0.0/8"] } },
          ], forward("beta")),
        ],
      },
      group("shop", ["{{a}}"]),
      group("api", ["{{b}}"]),
      group("beta", ["{{c}}"]),
    ),
    has: [
      "LISTENER_RULE_1_PATH=/api/*",
      "LISTENER_RULE_1_HOST=shop.example",
      "LISTENER_RULE_2_HEADER=X-Beta: yes|1*",
      "LISTENER_RULE_2_METHOD=GET",
      "LISTENER_RULE_3_HOST=shop.example|*.shop.example",
      "LISTENER_RULE_4_QUERY=v=2",
      "LISTENER_RULE_5_QUERY=new=*",
      "LISTENER_RULE_5_SOURCE_IP=127.0.0.0/8",
      "LISTENER_RULE_6_FIXED_RESPONSE=404",
    ],
    answers: [
      ["GET shop.example /api/x", "b /api/x"],
      ["GET shop.example / | X-Beta: YES", "c /"],
      ["POST shop.example / | X-Beta: yes", "a /"],
      ["GET www.shop.example /", "a /"],
      ["GET other.example /?v=2", "c /?v=2"],
      ["GET other.example /?new=", "c /?new="],
      ["GET other.example /", "404"],
    ],
  },
  {
    title: "HTTP that redirects to HTTPS, with a certificate of ACM",
    config: outputs(
      listener("HTTP", "{{listen}}", {
        Type: "redirect",
        RedirectConfig: {
          Protocol: "HTTPS",
          Port: "443",
          Host: "#{host}",
          Path: "/#{path}",
          Query: "#{query}",
          StatusCode: "HTTP_301",
        },
      }),
      listener("HTTPS", 443, forward("app"), {
        SslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
        Certificates: [{ CertificateArn: "arn:aws:acm:eu-west-1:123456789012:certificate/1" }],
      }),
      group("app", ["{{a}}"]),
    ),
    has: [
      "# not yet: LISTENER_TLS_PORT=443",
      "LISTENER_RULE_1_PROTOCOL=http",
      'LISTENER_RULE_1_REDIRECT="301 https://#{host}:443/#{path}?#{query}"',
      "LISTENER_RULE_2_PROTOCOL=https",
      "LISTENER_RULE_2_TARGET_GROUP=app",
    ],
    leftOut: ["LISTENER_TLS_CERT"],
    answers: [["GET shop.example /a?b=c", "301 https://shop.example/a?b=c"]],
  },
  {
    title: "weighted groups, stickiness, algorithms and other attributes",
    config: outputs(
      listener("HTTP", "{{listen}}", {
        Type: "forward",
        ForwardConfig: {
          TargetGroups: [
            { TargetGroupArn: `${LB}:targetgroup/blue/1`, Weight: 1 },
            { TargetGroupArn: `${LB}:targetgroup/green/1`, Weight: 0 },
          ],
          TargetGroupStickinessConfig: { Enabled: true, DurationSeconds: 600 },
        },
      }),
      group("blue", ["{{a}}"], {}, {
        "stickiness.enabled": "true",
        "stickiness.type": "lb_cookie",
        "stickiness.lb_cookie.duration_seconds": "86400",
        "load_balancing.algorithm.type": "least_outstanding_requests",
        "deregistration_delay.timeout_seconds": "60",
        "slow_start.duration_seconds": "0",
      }),
      group("green", ["{{b}}"], {}, { "slow_start.duration_seconds": "30" }),
    ),
    has: [
      "LISTENER_RULE_1_TARGET_GROUP=blue:1,green:0",
      "LISTENER_RULE_1_STICKINESS_TTL=600s",
      "TARGET_GROUP_1_STICKINESS_ENABLED=true",
      "TARGET_GROUP_1_STICKINESS_TTL=86400s",
      "TARGET_GROUP_1_ALGORITHM=LEAST_OUTSTANDING_REQUESTS",
      "# not yet: TARGET_GROUP_2_SLOW_START=30s",
    ],
    answers: [["GET a.example /", "a /"], ["GET a.example /x", "a /x"]],
  },
  {
    title: "fixed responses, a rewrite, and what sluice has not",
    config: outputs(
      listener("HTTP", "{{listen}}", forward("app")),
      {
        Rules: [
          rule("HTTP", 1, [path("/old/*")], forward("app"), {
            Transforms: [{
              Type: "url-rewrite",
              UrlRewriteConfig: { Rewrites: [{ Regex: "^/old/(.*)$", Replace: "/new/$1" }] },
            }],
          }),
          rule("HTTP", 2, [path("/down")], {
            Type: "fixed-response",
            FixedResponseConfig: { StatusCode: "503", ContentType: "text/plain", MessageBody: "Back soon" },
          }),
          rule("HTTP", 3, [path("/private/*")], forward("app"), {
            Actions: [{ Type: "authenticate-oidc", Order: 1 }, { ...forward("app"), Order: 2 }],
          }),
          rule("HTTP", 4, [path("/function")], forward("function")),
        ],
      },
      group("app", ["{{a}}"]),
      group("function", [], { TargetType: "lambda" }),
    ),
    has: [
      "LISTENER_RULE_<N>_REWRITE_REGEX=^/old/(.*)$ /new/$1",
      "LISTENER_RULE_<N>_FIXED_RESPONSE=503 text/plain Back soon",
      "LISTENER_RULE_<N>_FIXED_RESPONSE=403",
    ],
    leftOut: ["targets of sluice's are HTTP servers", "sign-in"],
    answers: [
      ["GET a.example /old/x?y=1", "a /new/x?y=1"],
      ["GET a.example /down", "503"],
      ["GET a.example /private/x", "403"],
      ["GET a.example /other", "a /other"],
    ],
  },
];
