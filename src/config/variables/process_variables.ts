import { define } from "./variable_definition.ts";

/** The variables of the process: listener, admin listener, names, logging. */
export const PROCESS_VARIABLES = [
  define("LISTENER_HOST", "address or host name", {
    default: "0.0.0.0",
    meaning: "Address that the listener binds. `HOST` is read only with a backend list, as some shells set it.",
    example: "127.0.0.1",
    aliases: ["HOST"],
  }),
  define("LISTENER_PORT", "port", {
    default: "8080",
    meaning: "Port of the listener; 0 takes a free one and logs which.",
    example: "80",
    aliases: ["PORT"],
  }),
  define("LISTENER_WORKERS", "threads, or `auto`", {
    default: "auto",
    meaning: "Threads that serve; `auto` is one for each available core, 1 serves in the main thread, and wants " +
      "a variable of the platform's ([platform.md](platform.md)).",
    example: "2",
  }),
  define("LISTENER_TAKEOVER", "boolean", {
    default: "false",
    meaning: "Start although another sluice holds the port, for a rolling replacement.",
    example: "true",
  }),
  define("CONNECTION_TIMEOUT", "duration, ms", {
    default: "5000",
    doorDefaults: { backend_list: "10000" },
    meaning: "From handing a request to a target until its response headers, all attempts together; then 504. " +
      "Starts anew with each piece of the request's body that moves, and stands still while sluice waits for the client's body.",
    example: "1000",
  }),
  define("CONNECT_TIMEOUT", "duration, ms", {
    default: "2000",
    meaning: "For one connection to a target, TLS included; then another target is tried, since nothing was sent. " +
      "Never more than half of `CONNECTION_TIMEOUT`. Requests that go by `fetch` have only `CONNECTION_TIMEOUT` " +
      "([transports.md](transports.md#what-differs)).",
    example: "500",
  }),
  define("LISTENER_BODY_TIMEOUT", "duration, ms", {
    default: "30000",
    meaning:
      "A client that sends nothing of a body which is still due for this long gets 408 and its connection is closed; " +
      "if the response has begun, it is cut. 0 never.",
    example: "10s",
  }),
  define("STREAM_IDLE_TIMEOUT", "duration, ms", {
    default: "300000",
    meaning: "An open exchange without a byte either way for this long is cut; 0 never.",
    example: "10m",
  }),
  define("LOAD_BALANCING_ALGORITHM", "name", {
    default: "ROUND_ROBIN",
    meaning: "Algorithm of the groups that have none of their own.",
    example: "LEAST_CONNECTIONS",
    aliases: ["ALGORITHM"],
  }),
  define("HEADER_CONVENTION_ENABLE", "boolean", {
    default: "false",
    meaning:
      "Add `X-Forwarded-For`, `-Host`, `-Port`, `-Proto`, `X-Real-IP` and `X-Request-Id` to the target's request, " +
      "and `X-Request-Id` to every response.",
    example: "true",
  }),
  define("TRUSTED_PROXIES", "list of CIDRs", {
    default: null,
    meaning: "Peers whose `X-Forwarded-*` are believed; from any other these headers are removed first. " +
      "Unset: no peer is believed ([what targets are told](#what-targets-are-told-of-the-client)).",
    example: "10.0.0.0/8,::1",
  }),
  define("VIA_ENABLE", "boolean", {
    default: "true",
    meaning:
      "Add `Via` to the target's request. Without it, loops are not found, and nginx as a target compresses again.",
    example: "false",
  }),
  define("MAX_BODY_BYTES", "bytes, or with `k`, `m`, `g`", {
    default: "0",
    meaning: "Larger request bodies are answered with 413; 0 sets no limit. The units are powers of 1024.",
    example: "10m",
  }),
  define("RETRY_ATTEMPTS", "attempts", {
    default: "1",
    meaning: "Further attempts after a request was sent, for idempotent methods with an unread body.",
    example: "2",
  }),
  define("UPSTREAM_TRANSPORT", "`wire` or `fetch`", {
    default: "wire",
    meaning:
      "How plain-HTTP targets are spoken to: on sockets of sluice's own, which costs about half and passes requests on " +
      "byte for byte, except dot segments in the path; or by the platform's `fetch`. `https://` targets go by `fetch` in any case.",
    example: "fetch",
  }),
  define("UPSTREAM_REUSE", "`always` or `safe`", {
    default: "always",
    meaning:
      "Which requests may go on a kept connection to a target: all (those that must not be sent twice only where it was " +
      "used within the last half second), or only those that may be sent twice, while POST, PATCH and bodies in pieces " +
      "get one of their own. With `fetch` it has no effect: POST and PATCH get one of their own, all others share.",
    example: "safe",
  }),
  define("ERROR_BODY", "`empty`, `json` or `text`", {
    default: "empty",
    meaning: "Body of the answers that are sluice's own.",
    example: "json",
  }),
  define("REASON_HEADER", "boolean", {
    default: "false",
    meaning: "Say the reason of an answer of sluice's own in `X-Sluice-Reason`.",
    example: "true",
  }),
  define("STATS_PATH", "path, or `off`", {
    default: "off",
    doorDefaults: { backend_list: "/lb/stats" },
    meaning: "Path of the statistics on the listener, before any rule.",
    example: "/lb/stats",
  }),
  define("SHUTDOWN_DELAY", "duration, ms", {
    default: "0",
    meaning: 'Between "not ready" and closing the listener, so that clients and load balancers can notice.',
    example: "5s",
  }),
  define("SHUTDOWN_TIMEOUT", "duration, ms", {
    default: "30000",
    meaning: "For open requests to finish at the end.",
    example: "60s",
  }),
  define("ADMIN_HOST", "address or host name", {
    default: "127.0.0.1",
    meaning: "Address that the admin listener binds; beyond loopback `ADMIN_TOKEN` is needed.",
    example: "0.0.0.0",
  }),
  define("ADMIN_PORT", "port, or `off`", {
    default: "9901",
    meaning:
      "Port of the admin listener; 0 takes a free one. Where it is not given and 9901 is taken, a free one is taken.",
    example: "9000",
  }),
  define("ADMIN_TOKEN", "text", {
    default: null,
    meaning: "Asked for as `Authorization: Bearer` by everything on the admin listener but `/livez` and `/readyz`.",
    example: "4f9c2e7ab1d05c36",
    secret: true,
  }),
  define("ADMIN_HOSTS", "list of host names", {
    default: null,
    meaning: "Names that the Host of an admin request may have, besides addresses and `localhost`.",
    example: "sluice.internal.example",
  }),
  define("METRICS_PUBLIC", "boolean", {
    default: "false",
    meaning: "Serve `/metrics` without the token.",
    example: "true",
  }),
  define("DNS_SERVER", "address:port", {
    default: null,
    meaning: "Name server to ask instead of the system's; the port defaults to 53.",
    example: "10.0.0.2:53",
  }),
  define("DNS_FAMILY", "`auto`, `ipv4`, `ipv6` or `any`", {
    default: "auto",
    meaning: "Which addresses become targets; `auto`: A records, and AAAA where there is no A.",
    example: "any",
  }),
  define("DNS_REFRESH_INTERVAL", "duration, ms", {
    default: "30000",
    meaning: "How often names are resolved again; 0: at the start only.",
    example: "5s",
  }),
  define("LOG_LEVEL", "`debug`, `info`, `warn` or `error`", {
    default: "info",
    meaning:
      "Least level that is logged. `debug` adds three lines for each request: what came, which target was chosen " +
      "and by what score, what went back; with headers, never bodies; what looks like a secret is masked, " +
      "in headers by name and form, in URLs the user and parameters such as `token`. It is slow.",
    example: "debug",
    aliases: ["LOGLEVEL"],
  }),
  define("LOG_FORMAT", "`auto`, `text` or `json`", {
    default: "auto",
    meaning: "Form of log lines; `auto`: text on a terminal, JSON otherwise.",
    example: "json",
  }),
  define("ACCESS_LOG", "boolean", {
    default: "true",
    meaning: "One line for each request on standard output.",
    example: "false",
  }),
  define("BACKEND_SERVERS", "list of targets", {
    default: null,
    meaning: "The backend list: one group `backends` with these targets, one rule `/`.",
    example: "http://localhost:5001,http://localhost:5002",
  }),
  define("BACKEND_WEIGHTS", "list of weights", {
    default: null,
    meaning: "Weights of the backend list, as `TARGET_GROUP_<N>_WEIGHTS`; 1 where absent.",
    example: "localhost:5001:1,localhost:5002:3",
  }),
] as const;
