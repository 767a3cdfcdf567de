import { type AlbParts, asking, forward, groupArn } from "./alb_rows.ts";

/** What shows that a row is true. */
export type Check =
  /** This part of an ALB is imported as these lines, and sluice takes the whole file. */
  | { readonly part: AlbParts; readonly gives: readonly string[] }
  /** This part of an ALB is left out, and a comment says so in these words. */
  | { readonly part: AlbParts; readonly leavesOut: string }
  /** This part of an ALB needs nothing, and a comment says so. */
  | { readonly part: AlbParts; readonly needsNothing: string }
  /** sluice takes as many without a problem. */
  | { readonly takes: string };

const gives = (part: AlbParts, ...lines: string[]): Check => ({ part, gives: lines });
const leavesOut = (part: AlbParts, words: string): Check => ({ part, leavesOut: words });
const attribute = (Key: string, Value: string, ...lines: string[]): Check =>
  gives({ attributes: { [Key]: Value } }, ...lines);
const unneeded = (key: string, value: string): Check => ({ part: { balancer: { [key]: value } }, needsNothing: key });
const acting = (...Actions: object[]): AlbParts => ({ rule: { Actions } });
const sticky = { "stickiness.enabled": "true" };
const checked = (group: object, ...lines: string[]) =>
  gives({ group: { HealthCheckEnabled: true, ...group } }, ...lines);
const many = (count: number, line: (n: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i + 1)).join("\n");
const GROUP = "TARGET_GROUP_1_NAME=app\nTARGET_GROUP_1_TARGETS=10.0.0.1\n";

/** What shows that each row of docs/alb.md is true, by the first cell of the row. */
export const CHECKS: Readonly<Record<string, Check>> = {
  "host-header": gives(
    asking("host-header", "HostHeaderConfig", { Values: ["a.example"] }),
    "LISTENER_RULE_1_HOST=a.example",
  ),
  "path-pattern": gives(asking("path-pattern", "PathPatternConfig", { Values: ["/a/*"] }), "LISTENER_RULE_1_PATH=/a/*"),
  "path-pattern with a regular expression": gives(
    asking("path-pattern", "PathPatternConfig", { RegexValues: ["^/v[0-9]+/"] }),
    "LISTENER_RULE_1_PATH_REGEX=^/v[0-9]+/",
  ),
  "http-header": gives(
    asking("http-header", "HttpHeaderConfig", { HttpHeaderName: "X-A", Values: ["b", "c*"] }),
    "LISTENER_RULE_1_HEADER=X-A: b|c*",
  ),
  "http-request-method": gives(
    asking("http-request-method", "HttpRequestMethodConfig", { Values: ["GET", "HEAD"] }),
    "LISTENER_RULE_1_METHOD=GET|HEAD",
  ),
  "query-string": gives(
    asking("query-string", "QueryStringConfig", { Values: [{ Key: "a", Value: "1" }, { Key: "b", Value: "2" }] }),
    "LISTENER_RULE_1_QUERY=a=1",
    "LISTENER_RULE_2_QUERY=b=2",
  ),
  "query-string without a key": leavesOut(
    asking("query-string", "QueryStringConfig", { Values: [{ Value: "1" }] }),
    "sluice asks for a parameter by its name",
  ),
  "source-ip": gives(
    asking("source-ip", "SourceIpConfig", { Values: ["10.0.0.0/8"] }),
    "LISTENER_RULE_1_SOURCE_IP=10.0.0.0/8",
  ),
  "host-header with a regular expression": gives(
    asking("host-header", "HostHeaderConfig", { RegexValues: ["^a\\.example$"] }),
    "LISTENER_RULE_1_HOST=a.example",
  ),
  "several conditions in a rule": gives(
    {
      rule: {
        Conditions: [{ Field: "path-pattern", Values: ["/a"] }, { Field: "host-header", Values: ["a.example"] }],
      },
    },
    "LISTENER_RULE_1_PATH=/a",
    "LISTENER_RULE_1_HOST=a.example",
  ),
  "several values in a condition": gives(
    asking("path-pattern", "PathPatternConfig", { Values: ["/a", "/b"] }),
    "LISTENER_RULE_1_PATH=/a|/b",
  ),
  "* and ? in values": gives(
    asking("path-pattern", "PathPatternConfig", { Values: ["/a?/*"] }),
    "LISTENER_RULE_1_PATH=/a?/*",
  ),
  Priority: gives({
    rule: { Conditions: [{ Field: "host-header", Values: ["a.example"] }] },
  }, "LISTENER_RULE_1_HOST=a.example"),
  "the default action": gives({}, "LISTENER_RULE_1_PATH_PREFIX=/", "LISTENER_RULE_1_TARGET_GROUP=app"),
  forward: gives(acting(forward("other")), "LISTENER_RULE_1_TARGET_GROUP=other"),
  "forward to several groups": gives(
    acting({
      Type: "forward",
      ForwardConfig: {
        TargetGroups: [{ TargetGroupArn: groupArn("app"), Weight: 999 }, {
          TargetGroupArn: groupArn("other"),
          Weight: 0,
        }],
      },
    }),
    "LISTENER_RULE_1_TARGET_GROUP=app:999,other:0",
  ),
  TargetGroupStickinessConfig: gives(
    acting({
      Type: "forward",
      ForwardConfig: {
        TargetGroups: [{ TargetGroupArn: groupArn("app") }, { TargetGroupArn: groupArn("other") }],
        TargetGroupStickinessConfig: { Enabled: true, DurationSeconds: 60 },
      },
    }),
    "LISTENER_RULE_1_STICKINESS_ENABLED=true",
    "LISTENER_RULE_1_STICKINESS_TTL=60s",
  ),
  redirect: gives(
    acting({ Type: "redirect", RedirectConfig: { Protocol: "HTTPS", Port: "443", StatusCode: "HTTP_302" } }),
    'LISTENER_RULE_1_REDIRECT="302 https://#{host}:443/#{path}?#{query}"',
  ),
  "fixed-response": gives(
    acting({
      Type: "fixed-response",
      FixedResponseConfig: { StatusCode: "503", ContentType: "text/plain", MessageBody: "Back soon" },
    }),
    "LISTENER_RULE_1_FIXED_RESPONSE=503 text/plain Back soon",
  ),
  "url-rewrite": gives({
    rule: {
      Transforms: [{ Type: "url-rewrite", UrlRewriteConfig: { Rewrites: [{ Regex: "^/a/(.*)$", Replace: "/b/$1" }] } }],
    },
  }, "LISTENER_RULE_1_REWRITE_REGEX=^/a/(.*)$ /b/$1"),
  "host-header-rewrite": gives({
    rule: {
      Transforms: [{
        Type: "host-header-rewrite",
        HostHeaderRewriteConfig: { Rewrites: [{ Regex: "^.*$", Replace: "a.internal" }] },
      }],
    },
  }, "LISTENER_RULE_1_HOST_REWRITE=a.internal"),
  "authenticate-oidc": gives(
    acting({ Type: "authenticate-oidc", Order: 1 }, { ...forward(), Order: 2 }),
    "LISTENER_RULE_1_FIXED_RESPONSE=403",
  ),
  "authenticate-cognito": gives(
    acting({ Type: "authenticate-cognito", Order: 1 }, { ...forward(), Order: 2 }),
    "LISTENER_RULE_1_FIXED_RESPONSE=403",
  ),
  "jwt-validation": gives(
    acting({ Type: "jwt-validation", Order: 1 }, { ...forward(), Order: 2 }),
    "LISTENER_RULE_1_FIXED_RESPONSE=403",
  ),
  "an HTTP listener": gives({ listener: { Port: 8000 } }, "LISTENER_PORT=8000"),
  "an HTTPS listener": leavesOut(
    { more: [{ Protocol: "HTTPS", Port: 443, DefaultActions: [forward()] }] },
    "LISTENER_TLS_PORT: it needs LISTENER_TLS_CERT and LISTENER_TLS_KEY",
  ),
  "more listeners": leavesOut(
    { more: [{ Protocol: "HTTP", Port: 81, DefaultActions: [forward()] }] },
    "start another sluice for HTTP on 81",
  ),
  Certificates: leavesOut(
    { listener: { Certificates: [{ CertificateArn: "arn:aws:acm:1" }] } },
    "sluice reads certificates",
  ),
  SslPolicy: { part: { listener: { SslPolicy: "ELBSecurityPolicy-2016-08" } }, needsNothing: "ELBSecurityPolicy" },
  MutualAuthentication: leavesOut({ listener: { MutualAuthentication: { Mode: "verify" } } }, "can't ask clients"),
  "idle_timeout.timeout_seconds": gives(
    { balancer: { "idle_timeout.timeout_seconds": "60" } },
    "STREAM_IDLE_TIMEOUT=60s",
  ),
  "client_keep_alive.seconds": gives(
    { balancer: { "client_keep_alive.seconds": "3600" } },
    "LISTENER_IDLE_TIMEOUT=3600s",
  ),
  "routing.http2.enabled": gives({ balancer: { "routing.http2.enabled": "false" } }, "LISTENER_HTTP2=false"),
  "routing.http.preserve_host_header.enabled": gives({
    balancer: { "routing.http.preserve_host_header.enabled": "true" },
  }, "TARGET_GROUP_1_PRESERVE_HOST=true"),
  "routing.http.drop_invalid_header_fields.enabled": unneeded(
    "routing.http.drop_invalid_header_fields.enabled",
    "true",
  ),
  "routing.http.desync_mitigation_mode": unneeded("routing.http.desync_mitigation_mode", "defensive"),
  "routing.http.xff_header_processing.mode": unneeded("routing.http.xff_header_processing.mode", "append"),
  "routing.http.xff_client_port.enabled": unneeded("routing.http.xff_client_port.enabled", "false"),
  "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": unneeded(
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
    "false",
  ),
  "access_logs.s3.enabled": unneeded("access_logs.s3.enabled", "true"),
  "deletion_protection.enabled": unneeded("deletion_protection.enabled", "true"),
  "waf.fail_open.enabled": unneeded("waf.fail_open.enabled", "false"),
  "load_balancing.cross_zone.enabled": unneeded("load_balancing.cross_zone.enabled", "true"),
  "X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Port": gives({}, "HEADER_CONVENTION_ENABLE=true"),
  "TargetType ip": gives({}, "TARGET_GROUP_1_TARGETS=10.0.0.1:80"),
  "TargetType instance": leavesOut({ target: { Id: "i-0abc" } }, "write its private address"),
  "TargetType lambda": leavesOut({ group: { TargetType: "lambda" } }, "targets of sluice's are HTTP servers"),
  "TargetType alb": leavesOut({ group: { TargetType: "alb" } }, "targets of sluice's are HTTP servers"),
  "Protocol HTTPS": gives(
    { group: { Protocol: "HTTPS" }, target: { Port: 443 } },
    "TARGET_GROUP_1_TARGETS=https://10.0.0.1:443",
  ),
  "ProtocolVersion GRPC": leavesOut({ group: { ProtocolVersion: "GRPC" } }, "gRPC"),
  HealthCheckEnabled: checked({}, "TARGET_GROUP_1_HEALTH_CHECK_ENABLED=true"),
  HealthCheckPath: checked({ HealthCheckPath: "/up" }, "TARGET_GROUP_1_HEALTH_CHECK_PATH=/up"),
  HealthCheckPort: checked({ HealthCheckPort: "9000" }, "TARGET_GROUP_1_HEALTH_CHECK_PORT=9000"),
  HealthCheckIntervalSeconds: checked({ HealthCheckIntervalSeconds: 15 }, "TARGET_GROUP_1_HEALTH_CHECK_INTERVAL=15s"),
  HealthCheckTimeoutSeconds: checked({ HealthCheckTimeoutSeconds: 6 }, "TARGET_GROUP_1_HEALTH_CHECK_TIMEOUT=6s"),
  HealthyThresholdCount: checked({ HealthyThresholdCount: 5 }, "TARGET_GROUP_1_HEALTH_CHECK_SUCCEED_THRESHOLD=5"),
  UnhealthyThresholdCount: checked({ UnhealthyThresholdCount: 3 }, "TARGET_GROUP_1_HEALTH_CHECK_FAILURE_THRESHOLD=3"),
  Matcher: checked({ Matcher: { HttpCode: "200,302" } }, "TARGET_GROUP_1_HEALTH_CHECK_MATCHER=200,302"),
  "all targets unhealthy: all get requests": gives({}, "TARGET_GROUP_1_FAIL_OPEN=true"),
  "load_balancing.algorithm.type": attribute(
    "load_balancing.algorithm.type",
    "least_outstanding_requests",
    "TARGET_GROUP_1_ALGORITHM=LEAST_OUTSTANDING_REQUESTS",
  ),
  "load_balancing.algorithm.anomaly_mitigation": {
    part: { attributes: { "load_balancing.algorithm.anomaly_mitigation": "off" } },
    needsNothing: "anomaly_mitigation",
  },
  "stickiness.enabled": gives({ attributes: sticky }, "TARGET_GROUP_1_STICKINESS_ENABLED=true"),
  "stickiness.lb_cookie.duration_seconds": gives({
    attributes: { ...sticky, "stickiness.type": "lb_cookie", "stickiness.lb_cookie.duration_seconds": "60" },
  }, "TARGET_GROUP_1_STICKINESS_TTL=60s"),
  "stickiness.app_cookie.cookie_name": gives({
    attributes: { ...sticky, "stickiness.type": "app_cookie", "stickiness.app_cookie.cookie_name": "JSESSIONID" },
  }, "TARGET_GROUP_1_STICKINESS_COOKIE=JSESSIONID"),
  "stickiness.app_cookie.duration_seconds": gives({
    attributes: {
      ...sticky,
      "stickiness.type": "app_cookie",
      "stickiness.app_cookie.cookie_name": "JSESSIONID",
      "stickiness.app_cookie.duration_seconds": "90",
    },
  }, "TARGET_GROUP_1_STICKINESS_TTL=90s"),
  "slow_start.duration_seconds": attribute(
    "slow_start.duration_seconds",
    "30",
    "# not yet: TARGET_GROUP_1_SLOW_START=30s",
  ),
  "deregistration_delay.timeout_seconds": attribute(
    "deregistration_delay.timeout_seconds",
    "60",
    "# not yet: TARGET_GROUP_1_DEREGISTRATION_DELAY=60s",
  ),
  "target_group_health.dns_failover.minimum_healthy_targets.count": {
    part: { attributes: { "target_group_health.dns_failover.minimum_healthy_targets.count": "1" } },
    needsNothing: "dns_failover",
  },
  "100 rules": {
    takes: GROUP + many(500, (n) => `LISTENER_RULE_${n}_PATH_PREFIX=/${n}\nLISTENER_RULE_${n}_TARGET_GROUP=app`),
  },
  "1,000 targets": {
    takes: `TARGET_GROUP_1_NAME=a\nTARGET_GROUP_1_TARGETS=${
      many(2000, (n) => `10.1.${n >> 8}.${n & 255}`).replaceAll("\n", ",")
    }`,
  },
  "5 condition values in a rule": {
    takes: `${GROUP}LISTENER_RULE_1_TARGET_GROUP=app\nLISTENER_RULE_1_HOST=${
      many(50, (n) => `h${n}.example`).replaceAll("\n", "|")
    }`,
  },
  "5 target groups in an action": {
    takes: many(20, (n) => `TARGET_GROUP_${n}_NAME=g${n}\nTARGET_GROUP_${n}_TARGETS=10.0.0.${n}`) +
      `\nLISTENER_RULE_1_TARGET_GROUP=${many(20, (n) => `g${n}`).replaceAll("\n", ",")}`,
  },
  "1,024 bytes of a fixed response": { takes: `LISTENER_RULE_1_FIXED_RESPONSE=200 text/plain ${"x".repeat(5000)}` },
};
