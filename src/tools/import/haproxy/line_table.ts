import type { Collector } from "../output/collector.ts";
import { type Line, type Section, timeText } from "./sections.ts";

/** Lines that other parts read. */
const READ = new RegExp(
  String.raw`^(bind|acl|use_backend|default_backend|server|server-template|default-server|balance|` +
    String.raw`cookie|http-request|http-response|http-after-response|redirect|http-check|monitor-uri)$`,
);

/** Options and keywords that need nothing in sluice, and why. */
const NEEDLESS: readonly (readonly [line: RegExp, why: string])[] = [
  [/^mode http$/, "sluice balances HTTP"],
  [
    new RegExp(
      String.raw`^(log|log-format|log-tag|log-send-hostname|option (httplog|dontlognull|dontlog-normal|` +
        String.raw`logasap|log-health-checks|tcplog|log-separate-errors)|unique-id-.*|capture|declare)\b`,
    ),
    "sluice logs each request; ACCESS_LOG and LOG_LEVEL",
  ],
  [
    new RegExp(
      String.raw`^option (http-server-close|http-keep-alive|httpclose|http-buffer-request|http-no-delay|` +
        String.raw`redispatch|abortonclose|prefer-last-server|splice-\w+|tcp-smart-\w+|tcpka|clitcpka|` +
        String.raw`srvtcpka|nolinger|contstats|accept-invalid-\w+|allbackups|http-use-htx|` +
        String.raw`http-pretend-keepalive|http-ignore-probes|socket-stats|independent-streams)\b`,
    ),
    "sluice does so by itself",
  ],
  [/^no option\b/, "sluice does so by itself"],
  [
    new RegExp(
      String.raw`^(retries|http-reuse|hash-type|timeout (client-fin|server-fin|tarpit)|fullconn|` +
        String.raw`option forceclose|retry-on|http-error|rate-limit|backlog|id|description|dispatch|` +
        String.raw`max-keep-alive-queue|bind-process|enabled|grace|load-server-state-from-file)\b`,
    ),
    "no counterpart, and none is needed",
  ],
  [
    new RegExp(
      String.raw`^(user|group|chroot|daemon|nbproc|nbthread|cpu-map|pidfile|stats|ulimit-n|ssl-.*|` +
        String.raw`tune\..*|ca-base|crt-base|quiet|node|h1-case-adjust.*|lua-.*|spread-checks|` +
        String.raw`master-worker|expose-.*|server-state-.*|hard-stop-after|set-dumpable|insecure-.*|no\w+|` +
        String.raw`zero-warning|httpclient\..*|localpeer|external-check|issuers-chain-path|presetenv|` +
        String.raw`setenv|strict-limits|busy-polling|maxconnrate|maxsslconn|maxsslrate|maxcomp.*|` +
        String.raw`profiling.*|max-spread-checks|wurfl.*|51degrees.*|deviceatlas.*|default-path|anonkey|` +
        String.raw`cluster-secret|numa-cpu-mapping|resetenv|thread-.*|unix-bind|unsetenv|uid|gid)\b`,
    ),
    "it concerns HAProxy's own process; sluice's statistics are on ADMIN_PORT",
  ],
];

const TIMES: Readonly<Record<string, string>> = {
  connect: "CONNECT_TIMEOUT",
  server: "CONNECTION_TIMEOUT",
  tunnel: "STREAM_IDLE_TIMEOUT",
  client: "LISTENER_BODY_TIMEOUT",
  "http-request": "LISTENER_HEAD_TIMEOUT",
  "http-keep-alive": "LISTENER_IDLE_TIMEOUT",
  queue: "QUEUE_TIMEOUT",
};

/** Reads a line that stands for itself, and reports what no part reads. */
export function readLine(line: Line, section: Section, found: Collector): void {
  const { words, origin } = line;
  const [keyword = "", first = ""] = words;
  const text = words.join(" ");
  if (READ.test(keyword)) {
    if (keyword === "default-server") found.needless(origin, "it is read with the servers");
    if (section.kind === "defaults" && /^(balance|http-check|cookie)$/.test(keyword)) {
      found.needless(origin, "it is read with the backends");
    }
    return;
  }
  if (section.kind === "resolvers") readResolver(line, found);
  else if (keyword === "timeout" && first === "check") found.needless(origin, "it is read with the health checks");
  else if (keyword === "timeout" && Object.hasOwn(TIMES, first)) {
    const time = timeText(words[2]);
    if (time === null) found.lose(origin, "this is no time");
    else found.setMost(TIMES[first]!, time, origin);
  } else if (keyword === "option" && first === "forwardfor") found.set("HEADER_CONVENTION_ENABLE", "true", origin);
  else if (keyword === "option" && first === "httpchk") {
    if (section.kind === "defaults") found.needless(origin, "it is read with the backends");
  } else if (keyword === "maxconn" && section.kind !== "defaults") {
    if (section.kind === "global" || section.kind === "frontend" || section.kind === "listen") {
      found.setMost("LISTENER_MAX_CONNECTIONS", first, origin);
    } else found.lose(origin, "sluice limits connections for the listener");
  } else if (keyword === "compression" && first === "algo") found.set("COMPRESSION_ENABLE", "true", origin);
  else if (keyword === "compression" || keyword === "maxconn") {
    found.needless(origin, "no counterpart, and none is needed");
  } else if (keyword === "stats") found.needless(origin, "sluice's dashboard and statistics are on ADMIN_PORT");
  else if (keyword === "errorfile" || keyword === "errorloc" || keyword === "errorfiles") {
    found.lose(origin, "sluice has no pages of its own for errors; ERROR_BODY sets their form");
  } else if (keyword === "stick-table" || keyword === "stick") {
    found.lose(origin, "sluice keeps clients on their targets by cookies, or by HASH; and limits them by RATE_LIMIT");
  } else {
    const needless = NEEDLESS.find(([pattern]) => pattern.test(text));
    if (needless !== undefined) found.needless(origin, needless[1]);
    else found.lose(origin, "sluice has no counterpart");
  }
}

function readResolver({ words, origin }: Line, found: Collector): void {
  const [keyword, first = "", second = ""] = words;
  if (keyword === "nameserver") found.set("DNS_SERVER", second.replace(/^(udp|tcp)@/, ""), origin);
  else if (keyword === "hold" && first === "valid") {
    found.setMost("DNS_REFRESH_INTERVAL", timeText(second) ?? second, origin);
  } else found.needless(origin, "sluice retries names by itself");
}
