import type { Sample } from "./sample.ts";

/** Caddyfiles, each with what people use it for most. */
export const CADDYFILE_SAMPLES: readonly Sample[] = [
  {
    title: "one application behind a reverse proxy",
    config: `
http://app.example:{{listen}} {
	encode gzip
	reverse_proxy {{a}}
	log {
		output stdout
	}
}
`,
    has: [
      "LISTENER_PORT=8080",
      "HEADER_CONVENTION_ENABLE=true",
      "TARGET_GROUP_1_TARGETS=127.0.0.1:9001",
      "TARGET_GROUP_1_PRESERVE_HOST=true",
      "LISTENER_RULE_1_HOST=app.example",
      "LISTENER_RULE_1_TARGET_GROUP=127.0.0.1-9001",
      "# not yet: LISTENER_RULE_1_COMPRESSION_ENABLE=true",
    ],
    asks: ["GET app.example /", "GET app.example /x/y?z=1", "POST app.example /form"],
  },
  {
    title: "a site with an API under a path of its own, and static responses",
    config: `
:{{listen}} {
	respond /healthz 200
	respond /robots.txt "User-agent: *
Disallow: /" 200
	handle_path /api/* {
		reverse_proxy {{a}}
	}
	handle /v2/* {
		reverse_proxy {{b}}
	}
	handle {
		reverse_proxy {{c}}
	}
}
`,
    has: [
      "LISTENER_RULE_1_PATH_PREFIX=/api/",
      "LISTENER_RULE_1_PATH_REWRITE=/api",
      "LISTENER_RULE_2_PATH_PREFIX=/v2/",
      "LISTENER_RULE_3_PATH_PREFIX=/",
    ],
    asks: [
      "GET a.example /api/users?page=1",
      "GET a.example /api/",
      "GET a.example /api",
      "GET a.example /v2/users",
      "GET a.example /v22",
      "GET a.example /",
    ],
  },
  {
    title: "several sites, www that redirects, and a wildcard",
    config: `
http://www.shop.example:{{listen}} {
	redir http://shop.example{uri} permanent
}

http://shop.example:{{listen}}, http://store.example:{{listen}} {
	reverse_proxy {{a}}
}

http://*.tenant.example:{{listen}} {
	reverse_proxy {{b}}
}

http://:{{listen}} {
	reverse_proxy {{c}}
}
`,
    has: [
      "LISTENER_RULE_1_HOST=www.shop.example",
      'LISTENER_RULE_1_REDIRECT="301 http://shop.example/#{path}?#{query}"',
      "LISTENER_RULE_2_HOST=shop.example|store.example",
      "LISTENER_RULE_3_HOST=*.tenant.example",
      "LISTENER_RULE_4_PATH_PREFIX=/",
    ],
    asks: [
      "GET www.shop.example /sale?id=3",
      "GET shop.example /",
      "GET store.example /x",
      "GET one.tenant.example /",
      "GET unknown.example /",
    ],
  },
  {
    title: "a canary by header and by query",
    config: `
:{{listen}} {
	@canary header X-Canary always
	@beta {
		path /app/*
		query beta=1
	}
	reverse_proxy @canary {{b}}
	reverse_proxy @beta {{c}}
	reverse_proxy {{a}}
}
`,
    has: [
      "LISTENER_RULE_1_PATH_PREFIX=/app/",
      "LISTENER_RULE_1_QUERY=beta=1",
      "LISTENER_RULE_2_HEADER=X-Canary: always",
    ],
    asks: [
      "GET a.example /",
      "GET a.example / | X-Canary: always",
      "GET a.example / | X-Canary: never",
      "GET a.example /app/x?beta=1",
      "GET a.example /app/x?beta=2",
    ],
  },
  {
    title: "balancing with health checks and sticky sessions",
    config: `
:{{listen}} {
	reverse_proxy /shop/* {{a}} {{a2}} {
		lb_policy cookie route
		lb_try_duration 5s
		health_uri /
		health_interval 10s
		health_timeout 2s
		health_status 2xx
	}
	reverse_proxy /least/* {{b}} {
		lb_policy least_conn
		fail_duration 30s
		max_fails 3
		transport http {
			dial_timeout 2s
			response_header_timeout 30s
		}
	}
	reverse_proxy {{c}} {
		lb_policy header X-Tenant
	}
}
`,
    has: [
      "CONNECT_TIMEOUT=2s",
      "CONNECTION_TIMEOUT=30s",
      "TARGET_GROUP_2_STICKINESS_ENABLED=true",
      "TARGET_GROUP_2_STICKY_COOKIE_NAME=route",
      "TARGET_GROUP_2_HEALTH_CHECK_PATH=/",
      "TARGET_GROUP_2_HEALTH_CHECK_INTERVAL=10s",
      "TARGET_GROUP_2_HEALTH_CHECK_MATCHER=200-299",
      "TARGET_GROUP_1_ALGORITHM=LEAST_CONNECTIONS",
      "TARGET_GROUP_1_EJECTION_FAILURES=3",
      "TARGET_GROUP_3_HASH_KEY=header:X-Tenant",
    ],
    asks: ["GET a.example /shop/cart", "GET a.example /least/x", "GET a.example /other | X-Tenant: 4"],
  },
  {
    title: "rewrites, prefixes, and a path that moved",
    config: `
:{{listen}} {
	redir /old /new
	redir /blog/* http://blog.example{uri} 308
	handle /legacy/* {
		uri strip_prefix /legacy
		reverse_proxy {{a}}
	}
	handle /up/* {
		rewrite * /v3{uri}
		reverse_proxy {{b}}
	}
	handle /index.php {
		rewrite * /index.html
		reverse_proxy {{c}}
	}
	handle {
		respond "not here" 404
	}
}
`,
    has: [
      "LISTENER_RULE_1_PATH_PREFIX=/blog/",
      'LISTENER_RULE_1_REDIRECT="308 http://blog.example/#{path}?#{query}"',
      "LISTENER_RULE_2_PATH=/old",
      "LISTENER_RULE_6_FIXED_RESPONSE=404 text/plain not here",
    ],
    asks: [
      "GET a.example /old",
      "GET a.example /blog/2024/x?y=1",
      "GET a.example /legacy/a/b?c=1",
      "GET a.example /up/x?y=1",
      "GET a.example /index.php",
      "GET a.example /none",
    ],
  },
  {
    title: "headers for all, and for a part of the paths",
    config: `
(security) {
	header {
		X-Frame-Options DENY
		-Server
	}
}
:{{listen}} {
	import security
	header /static/* Cache-Control "public, max-age=3600"
	request_header X-Edge {host}
	reverse_proxy {{a}} {
		header_up Host {upstream_hostport}
		header_up X-Real-IP {remote_host}
		header_down -X-Powered-By
	}
}
`,
    has: [
      "LISTENER_RULE_1_PATH_PREFIX=/static/",
      'LISTENER_RULE_1_RESPONSE_HEADERS_SET="X-Frame-Options: DENY\\nCache-Control: public, max-age=3600"',
      "LISTENER_RULE_2_RESPONSE_HEADERS_SET=X-Frame-Options: DENY",
      'LISTENER_RULE_2_REQUEST_HEADERS_SET="X-Edge: #{host}"',
      'LISTENER_RULE_2_RESPONSE_HEADERS_REMOVE="Server\\nX-Powered-By"',
    ],
    asks: ["GET a.example /static/app.css", "GET a.example /"],
  },
  {
    title: "files, PHP and passwords, which sluice has not",
    config: `
{
	email admin@site.example
	servers {
		timeouts {
			read_header 10s
			idle 2m
		}
	}
}
:{{listen}} {
	root * /srv/www
	handle /private/* {
		basicauth {
			bob JDJhJDE0JHVodkFDSU10dU51bXhlbWNKOU5SRnVsV2k3TVhERTBaVzRRcXRoN2xEVGMxSHpJSUpRQnRl
		}
		reverse_proxy {{a}}
	}
	handle /files/* {
		file_server
	}
	handle {
		reverse_proxy {{b}}
	}
}
`,
    has: [
      "LISTENER_HEAD_TIMEOUT=10s",
      "LISTENER_IDLE_TIMEOUT=2m",
      "# not yet: ACME_EMAIL=admin@site.example",
      "LISTENER_RULE_1_PATH_PREFIX=/private/",
      "LISTENER_RULE_1_FIXED_RESPONSE=403",
      "LISTENER_RULE_2_FIXED_RESPONSE=404",
    ],
    leftOut: ["serves no files", "BASIC_AUTH_FILE"],
    asks: ["GET a.example /", "GET a.example /files/none.txt"],
  },
];
