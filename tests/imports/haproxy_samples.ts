import type { Sample } from "./sample.ts";

const DEFAULTS = `
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
`;

/** Configurations of HAProxy, each with what people use it for most. */
export const HAPROXY_SAMPLES: readonly Sample[] = [
  {
    title: "one frontend and one backend with health checks",
    config: `
global
    log /dev/log local0
    maxconn 4096
defaults
    log global
    mode http
    option httplog
    option forwardfor
    timeout connect 5000
    timeout client 50000
    timeout server 50000
frontend web
    bind *:{{listen}}
    default_backend app
backend app
    balance roundrobin
    option httpchk GET /health
    http-check expect status 200
    server app1 {{a}} check inter 2s fall 3 rise 2
    server app2 {{a2}} check inter 2s fall 3 rise 2
`,
    has: [
      "LISTENER_PORT=8080",
      "LISTENER_MAX_CONNECTIONS=4096",
      "HEADER_CONVENTION_ENABLE=true",
      "CONNECT_TIMEOUT=5000ms",
      "CONNECTION_TIMEOUT=50000ms",
      "TARGET_GROUP_1_TARGETS=127.0.0.1:9001,127.0.0.1:9002",
      "TARGET_GROUP_1_PRESERVE_HOST=true",
      "TARGET_GROUP_1_HEALTH_CHECK_PATH=/health",
      "TARGET_GROUP_1_HEALTH_CHECK_INTERVAL=2s",
      "TARGET_GROUP_1_HEALTH_CHECK_FAILURE_THRESHOLD=3",
      "TARGET_GROUP_1_HEALTH_CHECK_MATCHER=200",
      "LISTENER_RULE_1_PATH_PREFIX=/",
    ],
    asks: ["GET a.example /", "GET b.example /x?y=z", "POST a.example /form"],
  },
  {
    title: "backends by host name",
    config: `${DEFAULTS}
frontend web
    bind :{{listen}}
    acl is_shop hdr(host) -i shop.example www.shop.example
    acl is_blog hdr(host) -i blog.example
    acl is_tenant hdr_end(host) -i .tenant.example
    use_backend shop if is_shop
    use_backend blog if is_blog
    use_backend tenants if is_tenant
    http-request deny deny_status 404 unless is_shop or is_blog
backend shop
    server s {{a}}
backend blog
    server b {{b}}
backend tenants
    server t {{c}}
`,
    has: [
      "LISTENER_RULE_1_HOST=shop.example|www.shop.example",
      "LISTENER_RULE_3_HOST=*.tenant.example",
      "TARGET_GROUP_2_NAME=blog",
    ],
    leftOut: ["sluice has no condition for it"],
    asks: ["GET shop.example /", "GET www.SHOP.example /x", "GET blog.example /x"],
  },
  {
    title: "an API by path, static files by their ending, and all else to the site",
    config: `${DEFAULTS}
frontend web
    bind *:{{listen}}
    acl is_api path_beg /api/ /graphql
    acl is_static path_end .css .js .png
    acl is_admin path /admin /admin/
    acl is_app path_beg /app
    use_backend api if is_api
    use_backend static if is_static !is_admin !is_app
    default_backend site
backend api
    http-request replace-path ^/api/(.*) /\\1
    server a {{a}}
backend static
    server s {{b}}
backend site
    server w {{c}}
`,
    has: [
      "LISTENER_RULE_1_PATH=/api/*|/graphql*",
      "LISTENER_RULE_1_REWRITE_REGEX=^/api/(.*).*$ /${1}",
      "LISTENER_RULE_2_PATH=*.css|*.js|*.png",
    ],
    leftOut: ["this exception is left out"],
    asks: [
      "GET a.example /api/users?x=1",
      "GET a.example /graphql",
      "GET a.example /main.css",
      "GET a.example /dir/app.js?v=2",
      "GET a.example /admin",
      "GET a.example /",
      "GET a.example /apis",
    ],
  },
  {
    title: "a redirect to www, of an old path, and with a prefix",
    config: `${DEFAULTS}
frontend web
    bind *:{{listen}}
    http-request redirect prefix http://www.shop.example code 301 if { hdr(host) -i shop.example }
    http-request redirect location /new code 302 if { path /old }
    redirect scheme https code 301 if { hdr(host) -i secure.example } !{ ssl_fc }
    default_backend site
backend site
    server w {{a}}
`,
    has: [
      "LISTENER_RULE_1_HOST=shop.example",
      'LISTENER_RULE_1_REDIRECT="301 http://www.shop.example/#{path}?#{query}"',
      "LISTENER_RULE_3_PROTOCOL=http",
      'LISTENER_RULE_3_REDIRECT="301 https://#{host}/#{path}?#{query}"',
    ],
    asks: [
      "GET shop.example /a/b?c=d",
      "GET shop.example /",
      "GET secure.example /login",
      "GET www.shop.example /",
      "GET www.shop.example /older",
    ],
  },
  {
    title: "a canary by cookie, by header and by chance",
    config: `${DEFAULTS}
frontend web
    bind *:{{listen}}
    acl wants_new req.cook(canary) -m str always
    acl tester req.hdr(X-Tester) -m found
    use_backend green if wants_new || tester
    use_backend green if { path_beg /some/ } { rand(100) lt 10 }
    default_backend blue
backend blue
    server b {{a}}
backend green
    server g {{b}}
`,
    has: [
      "LISTENER_RULE_1_COOKIE=canary=always",
      "LISTENER_RULE_2_HEADER=X-Tester",
      "LISTENER_RULE_3_TARGET_GROUP=green:10,blue:90",
    ],
    asks: [
      "GET a.example /",
      "GET a.example / | Cookie: canary=always",
      "GET a.example / | Cookie: canary=never",
      "GET a.example / | X-Tester: 1",
      "* GET a.example /some/path",
    ],
  },
];
