import { define } from "./variable_definition.ts";

/** The variables of rules and target groups. */
export const GROUP_VARIABLES = [
  define("LISTENER_RULE_<N>_PATH_PREFIX", "path", {
    default: null,
    meaning: "Requests whose path has this prefix, by whole segments. The longest prefix wins, whatever N is.",
    example: "/api",
  }),
  define("LISTENER_RULE_<N>_PATH_REWRITE", "path", {
    default: "",
    meaning: "Prefix that is stripped before the target's base is put in front; empty strips nothing.",
    example: "/api",
    emptyCounts: true,
  }),
  define("LISTENER_RULE_<N>_TARGET_GROUP", "name", {
    default: null,
    meaning: "Name of the target group that the requests go to.",
    example: "backends",
  }),
  define("TARGET_GROUP_<N>_NAME", "text", {
    default: null,
    meaning: "Name of the group, as rules, logs and statistics have it.",
    example: "backends",
  }),
  define("TARGET_GROUP_<N>_TARGETS", "list of targets", {
    default: null,
    meaning: "`[http://|https://]host[:port][/base]`, IPv6 in brackets. Every address of a host name is a target.",
    example: "10.0.0.1:8080,backend.example.com:8080/v1",
  }),
  define("TARGET_GROUP_<N>_WEIGHTS", "list of weights", {
    default: null,
    meaning:
      "`host:weight` or `host:port:weight`, whole numbers of at least 1; needed for each target under `WEIGHTED`.",
    example: "10.0.0.1:1,10.0.0.2:8080:5",
  }),
  define("TARGET_GROUP_<N>_ALGORITHM", "name", {
    default: "ROUND_ROBIN",
    meaning: "Algorithm of the group.",
    example: "WEIGHTED",
    global: "LOAD_BALANCING_ALGORITHM",
    aliases: ["ALGORITHM"],
  }),
  define("TARGET_GROUP_<N>_PRESERVE_HOST", "boolean", {
    default: "false",
    meaning: "Targets see the client's Host; otherwise their own `host:port`.",
    example: "true",
    global: "PRESERVE_HOST",
  }),
  define("TARGET_GROUP_<N>_LOCATION_REWRITE", "boolean", {
    default: "false",
    meaning:
      "Change a `Location`, `Content-Location` or `Refresh` that names the target's own scheme, host and port, " +
      "so that it names the client's.",
    example: "true",
    global: "LOCATION_REWRITE",
  }),
  define("TARGET_GROUP_<N>_FAIL_OPEN", "boolean", {
    default: "false",
    meaning: "When all targets are unhealthy, all of them serve; otherwise 503.",
    example: "true",
    global: "FAIL_OPEN",
  }),
  define("TARGET_GROUP_<N>_STICKY_COOKIE_NAME", "cookie name", {
    default: "sluice-<group>",
    meaning: "Name of the cookie of `STICKY`.",
    example: "route",
    global: "STICKY_COOKIE_NAME",
  }),
  define("TARGET_GROUP_<N>_STICKY_TTL", "duration, ms", {
    default: "1d",
    meaning: "How long a client stays with its target; 0: as long as its browser is open.",
    example: "1h",
    global: "STICKY_TTL",
  }),
  define("TARGET_GROUP_<N>_STICKY_SECRET", "text", {
    default: null,
    meaning:
      "Secret that makes cookies unforgeable, the same on all replicas. Unset: made at the start, so that pins end with the process.",
    example: "c0ffee5ec2e7c0ffee5ec2e7",
    global: "STICKY_SECRET",
    secret: true,
  }),
  define("TARGET_GROUP_<N>_HASH_KEY", "`client-ip`, `path`, `header:NAME` or `cookie:NAME`", {
    default: "client-ip",
    meaning: "What `HASH` hashes on.",
    example: "header:x-tenant",
    global: "HASH_KEY",
  }),
  define("TARGET_GROUP_<N>_HEALTH_CHECK_ENABLED", "boolean", {
    default: "false",
    doorDefaults: { backend_list: "true", servers_file: "true" },
    meaning: "Probe the targets.",
    example: "true",
    global: "HEALTH_CHECK_ENABLED",
  }),
  define("TARGET_GROUP_<N>_HEALTH_CHECK_PATH", "path, with a query or without", {
    default: "/health",
    doorDefaults: { servers_file: "/" },
    meaning: "What probes ask for; not under the target's base.",
    example: "/healthz",
    global: "HEALTH_CHECK_PATH",
  }),
  define("TARGET_GROUP_<N>_HEALTH_CHECK_INTERVAL", "duration, ms", {
    default: "30000",
    doorDefaults: { backend_list: "5000", servers_file: "5000" },
    meaning: "From one probe of a target to its next. 5 seconds or more are recommended.",
    example: "10s",
    global: "HEALTH_CHECK_INTERVAL",
  }),
  define("TARGET_GROUP_<N>_HEALTH_CHECK_TIMEOUT", "duration, ms", {
    default: "5000",
    doorDefaults: { backend_list: "2000" },
    meaning: "How long a probe may take; it may exceed the interval.",
    example: "2s",
    global: "HEALTH_CHECK_TIMEOUT",
  }),
  define("TARGET_GROUP_<N>_HEALTH_CHECK_SUCCEED_THRESHOLD", "probes", {
    default: "2",
    doorDefaults: { backend_list: "1", servers_file: "1" },
    meaning: "Consecutive successes until an unhealthy target is healthy.",
    example: "3",
    global: "HEALTH_CHECK_SUCCEED_THRESHOLD",
  }),
  define("TARGET_GROUP_<N>_HEALTH_CHECK_FAILURE_THRESHOLD", "probes", {
    default: "2",
    doorDefaults: { backend_list: "1" },
    meaning: "Consecutive failures until a healthy target is unhealthy.",
    example: "3",
    global: "HEALTH_CHECK_FAILURE_THRESHOLD",
  }),
  define("TARGET_GROUP_<N>_HEALTH_CHECK_MATCHER", "statuses and ranges", {
    default: "200",
    doorDefaults: { backend_list: "200-499", servers_file: "200-399" },
    meaning: "Statuses that count as success.",
    example: "200-299,301",
    global: "HEALTH_CHECK_MATCHER",
  }),
  define("TARGET_GROUP_<N>_HEALTH_CHECK_HOST", "host or host:port", {
    default: null,
    meaning: "Host header of probes; unset: the target's configured `host:port`.",
    example: "shop.example.com",
    global: "HEALTH_CHECK_HOST",
  }),
  define("TARGET_GROUP_<N>_HEALTH_CHECK_PORT", "port", {
    default: null,
    meaning: "Port to probe; unset: the target's.",
    example: "9000",
    global: "HEALTH_CHECK_PORT",
  }),
  define("TARGET_GROUP_<N>_EJECTION_ENABLED", "boolean", {
    default: "false",
    doorDefaults: { backend_list: "true" },
    meaning: "Take a target out after consecutive connection failures of live requests.",
    example: "true",
    global: "EJECTION_ENABLED",
  }),
  define("TARGET_GROUP_<N>_EJECTION_FAILURES", "failures", {
    default: "5",
    doorDefaults: { backend_list: "1" },
    meaning: "Consecutive connection failures until a target is out.",
    example: "3",
    global: "EJECTION_FAILURES",
  }),
  define("TARGET_GROUP_<N>_EJECTION_TIME", "duration, ms", {
    default: "10000",
    meaning: "Length of the first ejection; doubles up to 5 minutes, and ends when a probe succeeds.",
    example: "30s",
    global: "EJECTION_TIME",
  }),
] as const;
