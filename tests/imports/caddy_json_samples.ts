import type { Sample } from "./sample.ts";

/** Caddy's JSON. */
export const CADDY_JSON_SAMPLES: readonly Sample[] = [
  {
    title: "JSON with hosts, a rewrite and a redirect",
    config: JSON.stringify(
      {
        apps: {
          http: {
            servers: {
              main: {
                listen: [":{{listen}}"],
                automatic_https: { disable: true },
                routes: [
                  {
                    match: [{ host: ["api.example"] }],
                    handle: [{
                      handler: "subroute",
                      routes: [
                        {
                          match: [{ path: ["/v1/*"] }],
                          handle: [
                            { handler: "rewrite", strip_path_prefix: "/v1" },
                            { handler: "reverse_proxy", upstreams: [{ dial: "{{a}}" }] },
                          ],
                        },
                        { handle: [{ handler: "static_response", status_code: 410 }] },
                      ],
                    }],
                    terminal: true,
                  },
                  {
                    match: [{ path: ["/docs", "/docs/*"] }],
                    handle: [{
                      handler: "static_response",
                      status_code: 302,
                      headers: { Location: ["http://docs.example{http.request.uri}"] },
                    }],
                  },
                  { handle: [{ handler: "reverse_proxy", upstreams: [{ dial: "{{b}}" }] }] },
                ],
              },
            },
          },
        },
      },
      null,
      1,
    ),
    has: [
      "LISTENER_RULE_1_HOST=api.example",
      "LISTENER_RULE_1_PATH_REWRITE=/v1",
      "LISTENER_RULE_2_FIXED_RESPONSE=410",
      "LISTENER_RULE_3_PATH=/docs|/docs/*",
      "# caddy.json: apps.http.servers.main.routes[2].handle[0]: reverse_proxy",
    ],
    asks: [
      "GET api.example /v1/users?x=1",
      "GET api.example /v2",
      "GET a.example /docs/x?y=1",
      "GET a.example /docs",
      "GET a.example /",
    ],
  },
  {
    title: "JSON with methods, negation, algorithms and checks",
    config: JSON.stringify(
      {
        logging: { logs: { default: { level: "ERROR" } } },
        apps: {
          http: {
            servers: {
              srv0: {
                listen: [":{{listen}}"],
                automatic_https: { disable: true },
                routes: [
                  {
                    match: [{ method: ["POST", "PUT"], not: [{ path: ["/hooks/*"] }] }],
                    handle: [{ handler: "static_response", status_code: 403, body: "read only" }],
                  },
                  {
                    handle: [{
                      handler: "reverse_proxy",
                      upstreams: [{ dial: "{{a}}" }, { dial: "{{a2}}" }],
                      load_balancing: { selection_policy: { policy: "round_robin" }, retries: 2 },
                      health_checks: { active: { uri: "/", interval: 5000000000, timeout: "2s", expect_status: 2 } },
                      flush_interval: -1,
                    }],
                  },
                ],
              },
            },
          },
        },
      },
      null,
      1,
    ),
    has: [
      "LISTENER_RULE_1_PATH_PREFIX=/hooks/",
      "LISTENER_RULE_1_METHOD=POST|PUT",
      "LISTENER_RULE_2_METHOD=POST|PUT",
      "LISTENER_RULE_2_FIXED_RESPONSE=403 text/plain read only",
      "TARGET_GROUP_1_ALGORITHM=ROUND_ROBIN",
      "TARGET_GROUP_1_HEALTH_CHECK_INTERVAL=5000ms",
    ],
    asks: ["GET a.example /", "POST a.example /x", "POST a.example /hooks/x", "PUT a.example /hooks"],
  },
];
