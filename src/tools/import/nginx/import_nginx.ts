import type { Importer } from "../importer.ts";
import { Collector } from "../output/collector.ts";
import { type Directive, originOf } from "./directives.ts";
import { reportUnread } from "./directive_table.ts";
import { readWithIncludes } from "./includes.ts";
import { chooseListeners, type Server } from "./listens.ts";
import { Pools } from "./pools.ts";
import { readServers } from "./servers.ts";
import { Upstreams } from "./upstreams.ts";
import { durationText } from "./values.ts";

/** Blocks that are read apart, and directives that locations inherit. */
const READ_ELSEWHERE = new Set([
  ...[
    "proxy_ssl_trusted_certificate",
    "proxy_ssl_name",
    "proxy_ssl_certificate",
    "proxy_ssl_certificate_key",
    "proxy_ssl_verify",
  ],
  ...[
    "server",
    "upstream",
    "map",
    "geo",
    "split_clients",
    "proxy_set_header",
    "proxy_hide_header",
    "add_header",
    "gzip",
  ],
  ...["proxy_redirect", "allow", "deny", "limit_req", "limit_conn", "client_max_body_size", "auth_basic_user_file"],
  ...["proxy_connect_timeout", "proxy_read_timeout", "proxy_send_timeout", "limit_req_zone", "limit_conn_zone"],
]);

/** Times of the connection to the client. */
const CLIENT_TIMES: Readonly<Record<string, string>> = {
  keepalive_timeout: "LISTENER_IDLE_TIMEOUT",
  client_header_timeout: "LISTENER_HEAD_TIMEOUT",
  client_body_timeout: "LISTENER_BODY_TIMEOUT",
  send_timeout: "LISTENER_WRITE_TIMEOUT",
};

/** Reads nginx's configuration: `nginx.conf`, a file of `sites-enabled`, or what `nginx -T` prints. */
export const importNginx: Importer = (sources, readIncluded) => {
  const found = new Collector();
  const top = readWithIncludes(sources, readIncluded, found);
  const http = top.filter((each) => each.name === "http").flatMap((each) => each.block ?? []);
  // A file of sites-enabled has no http { } of its own.
  const all = [...http, ...top.filter((each) => each.name !== "http")];
  const upstreams = new Upstreams(found, all.filter((each) => each.name === "upstream"));
  const pools = new Pools(found, all.filter((each) => ["map", "geo", "split_clients"].includes(each.name)));
  const servers = chooseListeners(all.filter((each) => each.name === "server"), found);
  for (const each of all) {
    if (!READ_ELSEWHERE.has(each.name)) readSetting(each, found);
  }
  for (const { directive } of servers) {
    for (const each of directive.block ?? []) readClientTime(each, found);
  }
  readServers(servers, [all], { found, upstreams, pools });
  readCertificates(servers, all, found);
  upstreams.reportUnused();
  pools.reportUnused();
  return found;
};

function readSetting(directive: Directive, found: Collector): void {
  const { name, args } = directive;
  const [value = ""] = args;
  const origin = originOf(directive);
  if (readClientTime(directive, found)) return;
  if (name === "worker_processes") {
    found.set("LISTENER_WORKERS", /^\d+$/.test(value) ? value : "auto", origin);
  } else if (name === "set_real_ip_from" && value !== "unix:") found.add("TRUSTED_PROXIES", value, origin);
  else if (name === "resolver") {
    found.set("DNS_SERVER", /:\d+$/.test(value) ? value : `${value}:53`, origin);
    const valid = durationText(args.find((each) => each.startsWith("valid="))?.slice(6) ?? "");
    if (valid !== null) found.set("DNS_REFRESH_INTERVAL", valid, origin);
  } else if (!["ssl_certificate", "ssl_certificate_key"].includes(name)) reportUnread(directive, found);
}

function readClientTime(directive: Directive, found: Collector): boolean {
  const variable = Object.hasOwn(CLIENT_TIMES, directive.name) ? CLIENT_TIMES[directive.name] : undefined;
  if (variable === undefined) return false;
  const time = durationText(directive.args[0] ?? "");
  if (time === null) found.lose(originOf(directive), "this is no time");
  else found.setMost(variable, time, originOf(directive));
  return true;
}

/** Each pair of certificate and key once; the first without a number. */
function readCertificates(servers: readonly Server[], outer: readonly Directive[], found: Collector): void {
  const pairs = new Set<string>();
  for (const block of [outer, ...servers.map((each) => each.directive.block ?? [])]) {
    const certificates = block.filter((each) => each.name === "ssl_certificate");
    const keys = block.filter((each) => each.name === "ssl_certificate_key");
    certificates.forEach((certificate, i) => {
      const key = keys[i];
      const pair = `${certificate.args[0]}\n${key?.args[0]}`;
      if (key === undefined) found.lose(originOf(certificate), "it has no ssl_certificate_key");
      else {
        if (!pairs.has(pair)) pairs.add(pair);
        const number = [...pairs].indexOf(pair);
        const suffix = number === 0 ? "" : `_${number}`;
        found.set(`LISTENER_TLS_CERT${suffix}`, certificate.args[0] ?? "", originOf(certificate));
        found.set(`LISTENER_TLS_KEY${suffix}`, key.args[0] ?? "", originOf(key));
      }
    });
  }
}
