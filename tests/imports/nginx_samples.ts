import type { Sample } from "./sample.ts";

/** Configurations of nginx, each with what people use it for most. */
export const NGINX_SAMPLES: readonly Sample[] = [
  {
    title: "an application behind a reverse proxy, with its client's address in headers",
    config: `
server {
    listen {{listen}};
    server_name app.example;

    location / {
        proxy_pass http://{{a}};
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection 'upgrade';
        proxy_set_header Host $host;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_cache_bypass $http_upgrade;
    }
}`,
    has: [
      "LISTENER_PORT=8080",
      "HEADER_CONVENTION_ENABLE=true",
      "TARGET_GROUP_1_TARGETS=127.0.0.1:9001",
      "TARGET_GROUP_1_PRESERVE_HOST=true",
      "LISTENER_RULE_<N>_PATH_PREFIX=/",
    ],
    leftOut: ["proxy_cache_bypass"],
    asks: ["GET app.example /", "GET app.example /a/b?c=d&e", "POST app.example /form", "GET other.example /x"],
  },
  {
    title: "two sites by name, one with an API of its own, and www that redirects",
    config: `
upstream shop { server {{a}}; server {{a2}}; keepalive 32; }
upstream api { least_conn; server {{b}} max_fails=3 fail_timeout=30s; }

server {
    listen {{listen}};
    server_name www.shop.example;
    return 301 http://shop.example$request_uri;
}
server {
    listen {{listen}};
    server_name shop.example;
    location / { proxy_pass http://shop; }
    location /api/ { proxy_pass http://api/; }
}
server {
    listen {{listen}} default_server;
    server_name blog.example;
    location / { proxy_pass http://{{c}}; }
}`,
    has: [
      "LISTENER_RULE_<N>_HOST=www.shop.example",
      'LISTENER_RULE_<N>_REDIRECT="301 http://shop.example/#{path}?#{query}"',
      "LISTENER_RULE_<N>_HOST=shop.example",
      "LISTENER_RULE_<N>_PATH_PREFIX=/api/",
      'LISTENER_RULE_<N>_REDIRECT="301 #{protocol}://#{host}:#{port}/api/?#{query}"',
      "LISTENER_RULE_<N>_PATH_REWRITE=/api",
      "LISTENER_RULE_<N>_HOST=shop.example",
      "LISTENER_RULE_<N>_TARGET_GROUP=127.0.0.1-9004",
      "TARGET_GROUP_1_ALGORITHM=LEAST_CONNECTIONS",
      "TARGET_GROUP_1_EJECTION_FAILURES=3",
      "TARGET_GROUP_1_EJECTION_TIME=30s",
    ],
    asks: [
      "GET www.shop.example /sale?id=3",
      "GET www.shop.example /",
      "GET shop.example /",
      "GET shop.example /api/v1/items?q=1",
      "GET shop.example /api/",
      "GET shop.example /apis",
      "GET shop.example /api?q=1",
      "GET SHOP.example /x",
      "GET blog.example /post/1",
      "GET unknown.example /",
    ],
  },
  {
    title: "exact, preferred, regular and plain locations in nginx's own order",
    config: `
server {
    listen {{listen}};
    location = / { proxy_pass http://{{a}}/home; }
    location / { proxy_pass http://{{a}}; }
    location /documents/ { proxy_pass http://{{b}}; }
    location ^~ /images/ { proxy_pass http://{{b}}; }
    location ~* \\.(gif|jpg|jpeg)$ { proxy_pass http://{{c}}; }
    location /doc { proxy_pass http://{{c}}; }
}`,
    has: [
      "LISTENER_RULE_<N>_PATH=/",
      "LISTENER_RULE_<N>_PATH_REGEX=(?i)\\.(gif|jpg|jpeg)$",
      "LISTENER_RULE_<N>_PATH=/doc*",
    ],
    asks: [
      "GET a.example /",
      "GET a.example /index.html",
      "GET a.example /documents/document.html",
      "GET a.example /images/1.gif",
      "GET a.example /documents/1.JPG",
      "GET a.example /doc",
      "GET a.example /docs/x",
      "GET a.example /documents",
    ],
  },
  {
    title: "a canary by header and by cookie",
    config: `
map $http_x_canary $by_header { default {{a}}; "always" {{b}}; }
map $cookie_beta $by_cookie { default {{a}}; ~^(1|yes)$ {{b}}; }
server {
    listen {{listen}};
    location /header { proxy_pass http://$by_header; }
    location /cookie { proxy_pass http://$by_cookie; }
}`,
    has: [
      "LISTENER_RULE_<N>_HEADER=x-canary: always",
      "LISTENER_RULE_<N>_TARGET_GROUP=127.0.0.1-9003",
      "LISTENER_RULE_<N>_COOKIE=beta=1|yes",
    ],
    asks: [
      "GET a.example /header",
      "GET a.example /header | X-Canary: always",
      "GET a.example /header | X-Canary: no",
      "GET a.example /cookie | Cookie: beta=yes; x=1",
      "GET a.example /cookie | Cookie: beta=no",
      "GET a.example /cookie",
    ],
  },
  {
    title: "a canary by share of the clients",
    config: `
split_clients "\${remote_addr}" $pool { 10% {{b}}; * {{a}}; }
server {
    listen {{listen}};
    location / { proxy_pass http://$pool; proxy_set_header Host $http_host; }
    location /status { return 204; }
}`,
    has: [
      "LISTENER_RULE_<N>_FIXED_RESPONSE=204",
      "LISTENER_RULE_<N>_TARGET_GROUP=127.0.0.1-9003:10,127.0.0.1-9001:90",
      "LISTENER_RULE_<N>_STICKINESS_ENABLED=true",
    ],
    asks: ["* GET a.example /x?y=1", "GET a.example /status"],
  },
  {
    title: "weights, a hash of a header, and a target that is down",
    config: `
upstream weighted { server {{a}} weight=3; server {{a2}}; server 127.0.0.1:1 down; }
upstream tenants { hash $http_x_tenant consistent; server {{b}}; zone tenants 64k; }
upstream clients { ip_hash; server {{c}}; }
server {
    listen {{listen}};
    location / { proxy_pass http://weighted; proxy_connect_timeout 2s; proxy_read_timeout 30s; }
    location /t/ { proxy_pass http://tenants; proxy_read_timeout 60s; }
    location /c/ { proxy_pass http://clients/v2/; }
}`,
    has: [
      "TARGET_GROUP_3_ALGORITHM=WEIGHTED",
      "TARGET_GROUP_3_WEIGHTS=127.0.0.1:9001:3,127.0.0.1:9002:1",
      "TARGET_GROUP_1_HASH_KEY=header:x-tenant",
      "TARGET_GROUP_2_HASH_KEY=client-ip",
      "CONNECT_TIMEOUT=2s",
      "CONNECTION_TIMEOUT=60s",
      "LISTENER_RULE_<N>_REWRITE_REGEX=^/c/(.*)$ /v2/$1",
    ],
    leftOut: ["the larger 60s is taken, not 30s"],
    asks: [
      "GET a.example /",
      "GET a.example /t/1 | X-Tenant: 7",
      "GET a.example /c/user/1?x=%20y",
      "GET a.example /c/",
    ],
  },
  {
    title: "redirects, fixed responses and a rewrite, as sites that moved have them",
    config: `
server {
    listen {{listen}};
    server_name old.example;
    if ($http_user_agent ~* (BadBot|Scraper)) { return 403; }
    location /moved { return 302 /new/place; }
    location = /robots.txt { add_header Content-Type text/plain; return 200 "User-agent: *\\nDisallow: /\\n"; }
    location /gone/ { return 410; }
    location /legacy/ {
        rewrite ^/legacy/(.*)$ /current/$1 break;
        proxy_pass http://{{a}};
    }
    location / { rewrite ^ http://new.example$request_uri? permanent; }
}`,
    has: [
      "LISTENER_RULE_<N>_HEADER=user-agent: *BadBot*|*Scraper*",
      "LISTENER_RULE_<N>_FIXED_RESPONSE=403",
      'LISTENER_RULE_<N>_FIXED_RESPONSE="200 text/plain User-agent: *\\nDisallow: /\\n"',
      "LISTENER_RULE_<N>_REWRITE_REGEX=^/legacy/(.*)$ /current/$1",
      'LISTENER_RULE_<N>_REDIRECT="301 http://new.example/#{path}?#{query}"',
    ],
    asks: [
      "GET old.example /moved/x",
      "GET old.example /robots.txt",
      "GET old.example /gone/away",
      "GET old.example /legacy/a/b?c=1",
      "GET old.example /anything?x=1",
      "GET old.example / | User-Agent: a badbot/1.0",
      "GET old.example / | User-Agent: Firefox",
    ],
  },
  {
    title: "wildcard names, a server for all other hosts, and hidden paths",
    config: `
server { listen {{listen}}; server_name *.tenant.example; location / { proxy_pass http://{{a}}; } }
server { listen {{listen}}; server_name admin.tenant.example; location /ui/ { proxy_pass http://{{b}}; } }
server { listen {{listen}}; server_name mail.*; location / { proxy_pass http://{{c}}; } }
server { listen {{listen}} default_server; server_name _;
  location ~ /\\.git { return 404; } location / { return 421; } }`,
    has: [
      "LISTENER_RULE_<N>_HOST=admin.tenant.example",
      "LISTENER_RULE_<N>_FIXED_RESPONSE=404",
      "LISTENER_RULE_<N>_HOST=*.tenant.example",
      "LISTENER_RULE_<N>_HOST=mail.*",
    ],
    asks: [
      "GET one.tenant.example /",
      "GET admin.tenant.example /ui/x",
      "GET admin.tenant.example /else",
      "GET mail.example /",
      "GET nobody.example /",
      "GET nobody.example /.git/config",
    ],
  },
  {
    title: "headers to targets and to clients, and who may come in",
    config: `
server {
    listen {{listen}};
    add_header X-Frame-Options SAMEORIGIN always;
    add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;
    proxy_hide_header X-Powered-By;
    location / {
        proxy_set_header Host api.internal;
        proxy_set_header Accept-Encoding "";
        proxy_set_header X-Scheme-And-Host "$scheme $host";
        proxy_pass http://{{a}};
    }
    location /admin/ {
        allow 127.0.0.0/8;
        deny all;
        proxy_pass http://{{b}};
    }
    location /upload { client_max_body_size 100m; proxy_request_buffering off; proxy_pass http://{{c}}; }
}`,
    has: [
      "MAX_BODY_BYTES=100m",
      'LISTENER_RULE_<N>_RESPONSE_HEADERS_SET="X-Frame-Options: SAMEORIGIN\\nStrict-Transport-Security: ' +
      'max-age=31536000; includeSubDomains"',
      "LISTENER_RULE_<N>_HOST_REWRITE=api.internal",
      "LISTENER_RULE_<N>_REQUEST_HEADERS_REMOVE=Accept-Encoding",
      'LISTENER_RULE_<N>_REQUEST_HEADERS_SET="X-Scheme-And-Host: #{protocol} #{host}"',
      "# not yet: LISTENER_RULE_<N>_ALLOW=127.0.0.0/8",
      "LISTENER_RULE_<N>_FIXED_RESPONSE=403",
    ],
    asks: ["GET a.example /", "POST a.example /upload", "GET a.example /uploads/1"],
  },
  {
    title: "a whole nginx.conf with TLS beside plain HTTP, compression and limits",
    config: `
worker_processes auto;
events { worker_connections 1024; }
http {
    sendfile on;
    keepalive_timeout 65;
    server_tokens off;
    gzip on;
    gzip_types text/css application/json;
    limit_req_zone $binary_remote_addr zone=perip:10m rate=100r/s;
    upstream web { server {{a}}; server {{b}} backup; }

    server {
        listen {{listen}};
        server_name web.example;
        location /limited/ { limit_req zone=perip burst=50 nodelay; proxy_pass http://web; }
        location /static/ { root /nonexistent; try_files $uri =404; }
        location / { proxy_pass http://web; error_page 502 /50x.html; }
    }
}`,
    has: [
      "LISTENER_WORKERS=auto",
      "LISTENER_IDLE_TIMEOUT=65s",
      "# not yet: LISTENER_RULE_<N>_RATE_LIMIT=100/s burst 50",
      "# not yet: TARGET_GROUP_1_BACKUP=127.0.0.1:9003",
      "LISTENER_RULE_<N>_FIXED_RESPONSE=404",
    ],
    leftOut: ["try_files", "sluice serves no files", "error_page"],
    asks: ["GET web.example /", "GET web.example /limited/x", "GET web.example /static/app.css"],
  },
];
