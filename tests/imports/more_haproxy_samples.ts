import type { Sample } from "./sample.ts";

const DEFAULTS = `
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
`;

/** More configurations of HAProxy. */
export const MORE_HAPROXY_SAMPLES: readonly Sample[] = [
  {
    title: "sticky sessions by a cookie, weights, and a backup",
    config: `${DEFAULTS}
backend shop
    balance roundrobin
    cookie SRV insert indirect nocache maxlife 8h
    option redispatch
    server one {{a}} cookie one weight 30 check
    server two {{a2}} cookie two weight 10 check
    server spare {{b}} cookie spare backup
    server off {{c}} disabled
frontend web
    bind *:{{listen}}
    default_backend shop
`,
    has: [
      "TARGET_GROUP_1_ALGORITHM=WEIGHTED",
      "TARGET_GROUP_1_TARGETS=127.0.0.1:9001,127.0.0.1:9002",
      "TARGET_GROUP_1_WEIGHTS=127.0.0.1:9001:30,127.0.0.1:9002:10",
      "TARGET_GROUP_1_STICKINESS_ENABLED=true",
      "TARGET_GROUP_1_STICKY_COOKIE_NAME=SRV",
      "TARGET_GROUP_1_STICKINESS_TTL=8h",
      "# not yet: TARGET_GROUP_1_BACKUP=127.0.0.1:9003",
      "# not yet: TARGET_GROUP_1_HEALTH_CHECK_TYPE=tcp",
    ],
    asks: ["GET a.example /", "GET a.example /x"],
  },
  {
    title: "methods, fixed responses and who may come in",
    config: `${DEFAULTS}
frontend web
    bind *:{{listen}}
    monitor-uri /haproxy-alive
    http-request deny if { method TRACE DELETE }
    http-request deny if { path_beg /internal/ } !{ src 127.0.0.0/8 }
    http-request return status 200 content-type text/plain string "User-agent: *" if { path /robots.txt }
    use_backend writes if { method POST PUT PATCH }
    default_backend reads
backend reads
    server r {{a}}
backend writes
    server w {{b}}
`,
    has: [
      "LISTENER_RULE_1_PATH=/haproxy-alive",
      "LISTENER_RULE_1_FIXED_RESPONSE=200",
      "LISTENER_RULE_2_METHOD=TRACE|DELETE",
      "LISTENER_RULE_2_FIXED_RESPONSE=403",
    ],
    asks: [
      "GET a.example /haproxy-alive",
      "DELETE a.example /x",
      "GET a.example /internal/x",
      "POST a.example /internal/x",
      "GET a.example /robots.txt",
      "GET a.example /x",
      "POST a.example /x",
    ],
  },
  {
    title: "headers on both ways, and queries that choose",
    config: `${DEFAULTS}
frontend web
    bind *:{{listen}}
    http-request set-header X-Forwarded-Proto https if { ssl_fc }
    http-request set-header X-Real-IP %[src]
    http-request set-header X-Tier edge
    http-request del-header Proxy
    http-response set-header X-Frame-Options DENY
    http-response del-header Server
    use_backend beta if { url_param(version) -i beta }
    default_backend stable
backend stable
    server s {{a}}
backend beta
    http-request set-header Host beta.internal
    server b {{b}}
`,
    has: [
      "HEADER_CONVENTION_ENABLE=true",
      "LISTENER_RULE_1_QUERY=version=beta",
      "LISTENER_RULE_1_HOST_REWRITE=beta.internal",
      "LISTENER_RULE_2_REQUEST_HEADERS_SET=X-Tier: edge",
      "LISTENER_RULE_2_REQUEST_HEADERS_REMOVE=Proxy",
      "LISTENER_RULE_2_RESPONSE_HEADERS_SET=X-Frame-Options: DENY",
    ],
    asks: [
      "GET a.example /",
      "GET a.example /?version=beta",
      "GET a.example /?x=1&version=BETA",
      "GET a.example /?version=b",
    ],
  },
  {
    title: "one listen section with statistics, least connections and retries",
    config: `
global
    daemon
    stats socket /run/haproxy/admin.sock mode 660
defaults
    mode http
    retries 3
    timeout connect 2s
    timeout client 1m
    timeout server 1m
    timeout http-request 10s
    timeout http-keep-alive 15s
    timeout tunnel 1h
listen site
    bind 127.0.0.1:{{listen}}
    balance leastconn
    stats enable
    stats uri /haproxy?stats
    compression algo gzip
    server a {{a}} maxconn 100 slowstart 30s
    server a2 {{a2}} maxconn 100 slowstart 30s
`,
    has: [
      "LISTENER_HOST=127.0.0.1",
      "LISTENER_HEAD_TIMEOUT=10s",
      "LISTENER_IDLE_TIMEOUT=15s",
      "STREAM_IDLE_TIMEOUT=1h",
      "TARGET_GROUP_1_ALGORITHM=LEAST_CONNECTIONS",
      "# not yet: COMPRESSION_ENABLE=true",
      "# not yet: TARGET_GROUP_1_SLOW_START=30s",
      "# not yet: TARGET_GROUP_1_MAX_IN_FLIGHT=100",
    ],
    asks: ["GET a.example /", "POST a.example /x?y"],
  },
  {
    title: "hashing, regular expressions, and sections that sluice can't take",
    config: `${DEFAULTS}
frontend web
    bind *:{{listen}}
    acl numbered path_reg ^/user/[0-9]+$
    acl mobile req.hdr(User-Agent) -m reg -i (Android|iPhone)
    acl bad_bot req.hdr(User-Agent) -m sub -i badbot
    http-request deny if bad_bot
    stick-table type ip size 1m expire 30s store http_req_rate(10s)
    http-request track-sc0 src
    http-request deny deny_status 429 if { sc_http_req_rate(0) gt 100 }
    use_backend users if numbered
    use_backend mobile if mobile
    default_backend site
backend users
    balance uri
    server u {{a}}
backend mobile
    balance source
    server m {{b}}
backend site
    balance hdr(X-Tenant)
    stick-table type ip size 1m expire 30m
    errorfile 503 /etc/haproxy/503.http
    server s {{c}}
listen database
    mode tcp
    bind *:5432
    server db 127.0.0.1:1
`,
    has: [
      "LISTENER_RULE_1_FIXED_RESPONSE=403",
      "LISTENER_RULE_2_PATH_REGEX=^/user/[0-9]+$",
      "LISTENER_RULE_3_HEADER=User-Agent: *Android*|*iPhone*",
      "TARGET_GROUP_1_HASH_KEY=path",
      "TARGET_GROUP_2_HASH_KEY=client-ip",
      "TARGET_GROUP_3_HASH_KEY=header:X-Tenant",
    ],
    leftOut: ["RATE_LIMIT", "no TCP", "ERROR_BODY"],
    asks: [
      "GET a.example /user/12",
      "GET a.example /user/x",
      "GET a.example / | User-Agent: Mozilla (iPhone)",
      "GET a.example / | User-Agent: BadBot/1",
      "GET a.example /",
    ],
  },
];
