import type { TabledSample } from "./sample.ts";

/** Traefik's configurations, each with what people use it for most. */
export const TRAEFIK_SAMPLES: readonly TabledSample[] = [
  {
    title: "a static and a dynamic part, two hosts and an API whose prefix goes",
    config: `
entryPoints:
  web:
    address: ":{{listen}}"
api:
  dashboard: true
http:
  routers:
    site:
      rule: "Host(\`site.example\`)"
      service: site
    api:
      rule: "Host(\`site.example\`) && PathPrefix(\`/api\`)"
      middlewares:
        - strip
      service: api
    other:
      rule: Host(\`other.example\`) || Host(\`www.other.example\`)
      service: other
  middlewares:
    strip:
      stripPrefix:
        prefixes:
          - /api
  services:
    site:
      loadBalancer:
        servers:
          - url: http://{{a}}
          - url: http://{{a2}}
    api:
      loadBalancer:
        passHostHeader: false
        servers:
          - url: http://{{b}}/
    other:
      loadBalancer:
        servers:
          - url: http://{{c}}
`,
    has: [
      "LISTENER_PORT=8080",
      "LISTENER_RULE_<N>_PATH=/api*",
      "LISTENER_RULE_<N>_PATH_REWRITE=/api",
      "LISTENER_RULE_<N>_HOST=other.example|www.other.example",
      "TARGET_GROUP_3_PRESERVE_HOST=true",
    ],
    answers: [
      ["GET site.example /", "a /"],
      ["GET site.example /api/users?x=1", "b /users?x=1"],
      ["GET site.example /api", "b /"],
      ["GET other.example /api/x", "c /api/x"],
      ["GET www.other.example /", "c /"],
      ["GET unknown.example /", "404"],
    ],
  },
  {
    title: "a canary by weight and by header, with sticky sessions",
    config: `
http:
  routers:
    forced:
      rule: Host(\`shop.example\`) && Headers(\`X-Canary\`, \`always\`)
      service: green
      priority: 100
    shop:
      rule: Host(\`shop.example\`)
      service: shop
  services:
    shop:
      weighted:
        sticky:
          cookie:
            name: side
        services:
          - name: blue
            weight: 9
          - name: green
            weight: 1
    blue:
      loadBalancer:
        sticky:
          cookie:
            name: server
            httpOnly: true
        healthCheck:
          path: /healthz
          interval: 10s
          timeout: 3s
        servers:
          - url: http://{{a}}
          - url: http://{{a2}}
    green:
      loadBalancer:
        servers:
          - url: http://{{b}}
entryPoints:
  web:
    address: 127.0.0.1:{{listen}}
    forwardedHeaders:
      trustedIPs:
        - 10.0.0.0/8
`,
    has: [
      "LISTENER_HOST=127.0.0.1",
      "TRUSTED_PROXIES=10.0.0.0/8",
      "LISTENER_RULE_1_HEADER=X-Canary: always",
      "LISTENER_RULE_2_TARGET_GROUP=blue:9,green:1",
      "LISTENER_RULE_2_STICKINESS_ENABLED=true",
      "TARGET_GROUP_2_STICKY_COOKIE_NAME=server",
      "TARGET_GROUP_2_HEALTH_CHECK_PATH=/healthz",
      "TARGET_GROUP_2_HEALTH_CHECK_INTERVAL=10s",
    ],
    answers: [["GET shop.example / | X-Canary: always", "b /"]],
  },
  {
    title: "a redirect of everything to https, certificates and ACME",
    config: `
entryPoints:
  web:
    address: ":80"
    http:
      redirections:
        entryPoint:
          to: websecure
          scheme: https
  websecure:
    address: ":443"
    http:
      tls:
        certResolver: letsencrypt
certificatesResolvers:
  letsencrypt:
    acme:
      email: ops@shop.example
      storage: /acme.json
      httpChallenge:
        entryPoint: web
http:
  routers:
    shop:
      entryPoints:
        - websecure
      rule: Host(\`shop.example\`)
      service: shop
      tls: {}
  services:
    shop:
      loadBalancer:
        serversTransport: inner
        servers:
          - url: https://{{a}}
  serversTransports:
    inner:
      serverName: shop.internal
      rootCAs:
        - /certs/ca.pem
tls:
  certificates:
    - certFile: /certs/shop.pem
      keyFile: /certs/shop.key
`,
    has: [
      "LISTENER_PORT=80",
      "# not yet: LISTENER_TLS_PORT=443",
      "# not yet: ACME_ENABLE=true",
      "# not yet: ACME_EMAIL=ops@shop.example",
      "# not yet: LISTENER_TLS_CERT=/certs/shop.pem",
      "LISTENER_RULE_1_PROTOCOL=http",
      'LISTENER_RULE_1_REDIRECT="301 https://#{host}/#{path}?#{query}"',
      "LISTENER_RULE_2_PROTOCOL=https",
      "TARGET_GROUP_1_TARGETS=https://127.0.0.1:9001",
      "# not yet: TARGET_GROUP_1_TLS_SERVER_NAME=shop.internal",
    ],
    answers: [["GET shop.example /x?y=1", "301 https://shop.example/x?y=1"]],
  },
  {
    title: "TOML with headers, limits and a path that is replaced",
    file: "traefik.toml",
    config: `
[entryPoints.web]
address = ":{{listen}}"

[entryPoints.web.transport.respondingTimeouts]
idleTimeout = "90s"

[http.routers.api]
rule = "PathPrefix(\`/v1/\`)"
middlewares = ["limits", "security", "rewrite"]
service = "api"

[http.middlewares.limits.rateLimit]
average = 100
burst = 50

[http.middlewares.security.headers]
frameDeny = true
[http.middlewares.security.headers.customRequestHeaders]
X-Edge = "sluice"
X-Secret = ""

[http.middlewares.rewrite.replacePathRegex]
regex = "^/v1/(.*)"
replacement = "/api/$1"

[[http.services.api.loadBalancer.servers]]
url = "http://{{a}}"
`,
    has: [
      "LISTENER_IDLE_TIMEOUT=90s",
      "LISTENER_RULE_1_PATH_PREFIX=/v1/",
      "LISTENER_RULE_1_REWRITE_REGEX=^/v1/(.*) /api/$1",
      "# not yet: LISTENER_RULE_1_RATE_LIMIT=100/s burst 50",
      "LISTENER_RULE_1_RESPONSE_HEADERS_SET=X-Frame-Options: DENY",
      "LISTENER_RULE_1_REQUEST_HEADERS_SET=X-Edge: sluice",
      "LISTENER_RULE_1_REQUEST_HEADERS_REMOVE=X-Secret",
      "# traefik.toml: http.routers.api",
    ],
    answers: [["GET a.example /v1/users?x=1", "a /api/users?x=1"], ["GET a.example /v2", "404"]],
  },
  {
    title: "negation, methods, redirects, and what sluice has not",
    config: `
http:
  routers:
    posts:
      rule: Method(\`POST\`) && !PathPrefix(\`/hooks/\`)
      service: writes
    www:
      rule: Host(\`www.shop.example\`)
      middlewares: [bare]
      service: noop@internal
    private:
      rule: PathPrefix(\`/private/\`)
      middlewares: [login]
      service: reads
    all:
      rule: PathPrefix(\`/\`)
      priority: 1
      service: reads
  middlewares:
    bare:
      redirectRegex:
        regex: ^https?://www\\.shop\\.example/(.*)
        replacement: http://shop.example/\${1}
        permanent: true
    login:
      basicAuth:
        users:
          - bob:$apr1$xyz
  services:
    reads:
      loadBalancer:
        servers:
          - url: http://{{a}}
    writes:
      loadBalancer:
        servers:
          - url: http://{{b}}
tcp:
  routers:
    database:
      rule: HostSNI(\`*\`)
entryPoints:
  web:
    address: :{{listen}}
`,
    has: [
      "LISTENER_RULE_<N>_METHOD=POST",
      'LISTENER_RULE_<N>_REDIRECT="301 http://shop.example/#{path}?#{query}"',
      "LISTENER_RULE_<N>_FIXED_RESPONSE=403",
    ],
    leftOut: ["BASIC_AUTH_FILE", "sluice balances HTTP"],
    answers: [
      ["GET a.example /x", "a /x"],
      ["POST a.example /x", "b /x"],
      ["POST a.example /hooks/x", "a /hooks/x"],
      ["GET www.shop.example /sale?id=1", "301 http://shop.example/sale?id=1"],
      ["GET a.example /private/x", "403"],
    ],
  },
];
