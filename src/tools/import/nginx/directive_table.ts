import type { Collector } from "../output/collector.ts";
import { type Directive, originOf } from "./directives.ts";

/** Directives that need nothing in sluice, and why. */
const NEEDLESS: readonly (readonly [names: RegExp, why: string])[] = [
  [
    /^(access_log|error_log|log_format|log_not_found|log_subrequest|open_log_file_cache|rewrite_log)$/,
    "sluice logs each request; ACCESS_LOG and LOG_LEVEL",
  ],
  [
    new RegExp(
      String.raw`^(proxy_buffering|proxy_buffers|proxy_buffer_size|proxy_busy_buffers_size|` +
        String.raw`proxy_request_buffering|proxy_max_temp_file_size|proxy_temp_.*|proxy_socket_keepalive|` +
        String.raw`client_body_buffer_size|client_body_temp_path|client_header_buffer_size)$`,
    ),
    "sluice streams bodies both ways and never stores them",
  ],
  [
    new RegExp(
      String.raw`^(proxy_http_version|keepalive_requests|proxy_pass_header|proxy_headers_hash_.*|` +
        String.raw`proxy_pass_request_(body|headers)|proxy_ssl_(session_reuse|protocols|ciphers|` +
        String.raw`server_name)|proxy_ignore_client_abort)$`,
    ),
    "sluice does so by itself",
  ],
  [
    new RegExp(
      String.raw`^(sendfile.*|tcp_nopush|tcp_nodelay|aio.*|directio.*|output_buffers|` +
        String.raw`reset_timedout_connection|types_hash_.*|types|server_names_hash_.*|variables_hash_.*|` +
        String.raw`map_hash_.*|default_type|charset.*|open_file_cache.*|server_tokens|etag|` +
        String.raw`if_modified_since|gzip_.*|brotli_.*|limit_req_status|limit_req_log_level|` +
        String.raw`limit_conn_status|limit_conn_log_level|absolute_redirect|port_in_redirect|` +
        String.raw`server_name_in_redirect|merge_slashes|underscores_in_headers|ignore_invalid_headers|` +
        String.raw`recursive_error_pages|msie_padding)$`,
    ),
    "no counterpart, and none is needed",
  ],
  [
    new RegExp(
      String.raw`^(user|pid|daemon|master_process|worker_rlimit_nofile|worker_cpu_affinity|` +
        String.raw`worker_priority|worker_shutdown_timeout|events|use|multi_accept|worker_connections|` +
        String.raw`accept_mutex|load_module|lock_file|timer_resolution|pcre_jit|env|thread_pool)$`,
    ),
    "it concerns nginx's own processes",
  ],
  [
    new RegExp(
      String.raw`^(ssl_protocols|ssl_ciphers|ssl_prefer_server_ciphers|ssl_session_.*|ssl_dhparam|` +
        String.raw`ssl_ecdh_curve|ssl_buffer_size|ssl_early_data|ssl_stapling.*|ssl_trusted_certificate|` +
        String.raw`ssl_conf_command|http2.*|quic_.*|http3.*|resolver_timeout)$`,
    ),
    "sluice speaks TLS 1.2 and 1.3 and HTTP/2 without settings",
  ],
  [/^(real_ip_header|real_ip_recursive)$/, "sluice reads X-Forwarded-For of TRUSTED_PROXIES"],
  [
    /^(proxy_next_upstream_tries|proxy_next_upstream_timeout)$/,
    "at most 10 targets are tried, within CONNECTION_TIMEOUT",
  ],
  [/^(set|variables_hash_max_size|limit_req_zone|limit_conn_zone|satisfy|auth_basic)$/, "it is read where it is used"],
];

/** What sluice has no counterpart for, and what to do. */
const LOST: readonly (readonly [names: RegExp, why: string])[] = [
  [
    /^(root|alias|index|try_files|autoindex.*|expires|random_index|mp4|flv|dav_.*|xslt_.*|image_filter.*)$/,
    "sluice serves no files; keep a file server as a target",
  ],
  [
    /^(fastcgi_|uwsgi_|scgi_|grpc_|memcached_)/,
    "sluice speaks HTTP to targets; put an HTTP server in front of the application",
  ],
  [/^proxy_(cache|no_cache|store)/, "sluice has no cache"],
  [
    /^(error_page|proxy_intercept_errors|proxy_ignore_headers)$/,
    "sluice has no pages of its own for errors; ERROR_BODY sets their form",
  ],
  [
    /^(sub_filter.*|addition_types|ssi.*|add_(before|after)_body|.*_by_lua.*|perl.*|js_.*)$/,
    "sluice does not change bodies, and runs no scripts",
  ],
  [
    /^(ssl_client_certificate|ssl_verify_client|ssl_verify_depth|ssl_crl)$/,
    "sluice can't ask clients for certificates",
  ],
  [
    new RegExp(
      String.raw`^(mirror|mirror_request_body|auth_request.*|auth_jwt.*|secure_link.*|` +
        String.raw`proxy_next_upstream|proxy_next_upstream_non_idempotent|limit_rate.*|limit_except|` +
        String.raw`proxy_cookie_.*|proxy_bind|proxy_set_body|proxy_method|proxy_ssl_.*|health_check|` +
        String.raw`valid_referers|geoip.*|stub_status|internal|more_.*|large_client_header_buffers)$`,
    ),
    "not carried over",
  ],
];

/** Says of a directive that no other part of the importer reads what becomes of it. */
export function reportUnread(directive: Directive, found: Collector): void {
  const { name, block } = directive;
  const origin = originOf(directive);
  const needless = NEEDLESS.find(([names]) => names.test(name));
  const lost = LOST.find(([names]) => names.test(name));
  for (const inner of block ?? []) {
    if (needless !== undefined) found.needless(originOf(inner), needless[1]);
    else found.lose(originOf(inner), `part of ${name}`);
  }
  if (needless !== undefined) found.needless(origin, needless[1]);
  else found.lose(origin, lost?.[1] ?? "sluice has no counterpart");
}
