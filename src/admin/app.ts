import { type Context, Hono } from "hono";
import type { AdminConfig } from "../config/model.ts";
import { shownValue } from "../config/setting.ts";
import type { Logger } from "../logging/log.ts";
import { quote, shownLines } from "../logging/shown_text.ts";
import type { Clock } from "../time/clock.ts";
import { isAllowedHost, isAllowedOrigin, securityHeaders, tokenCheck } from "./access_control.ts";
import type { AdminSource } from "./admin_source.ts";
import { dashboardPage } from "./dashboard/page.ts";
import { parseDecisionsQuery } from "./decisions_query.ts";
import { decisionsPieces } from "./decisions_text.ts";
import { parseExplainQuery } from "./explain_query.ts";
import { streamInTurns } from "./in_turns.ts";
import { LiveFeed } from "./live/live_feed.ts";
import { statsPieces } from "./stats/stats.ts";

/** What the admin listener needs beside its source and configuration. */
export interface AdminAppOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborted when the process shuts down: ends the dashboards' streams, which would otherwise never end. */
  readonly signal: AbortSignal;
}

/** The paths, and which of them need no token. Also the response to an unknown path. */
const ROUTES: readonly {
  readonly path: string;
  readonly method: "GET" | "POST";
  readonly what: string;
  readonly open?: "always" | "metrics_public";
}[] = [
  { path: "/", method: "GET", what: "dashboard" },
  { path: "/lb/stats", method: "GET", what: "statistics as JSON" },
  { path: "/metrics", method: "GET", what: "metrics for Prometheus", open: "metrics_public" },
  {
    path: "/livez",
    method: "GET",
    what: "200 while the process works, 503 if it should be restarted",
    open: "always",
  },
  { path: "/readyz", method: "GET", what: "200 while sluice should get traffic, else 503", open: "always" },
  { path: "/config", method: "GET", what: "effective configuration, secrets masked" },
  {
    path: "/explain",
    method: "GET",
    what: "explains what sluice would do with a request: ?method=GET&url=/path&header=Name: value",
  },
  {
    path: "/decisions",
    method: "GET",
    what: "the last requests and how their targets were chosen: ?id= &status= &reason= &group= &target= &limit=",
  },
  { path: "/events", method: "GET", what: "live numbers as server-sent events" },
  {
    path: "/targets/:group/:target/drain",
    method: "POST",
    what: "drains a target (address:port): it gets no new requests",
  },
  { path: "/targets/:group/:target/enable", method: "POST", what: "ends a drain" },
];

/** Makes the admin listener's application. */
export function createAdminApp(source: AdminSource, config: AdminConfig, options: AdminAppOptions): Hono {
  const { clock } = options;
  const app = new Hono();
  const feed = new LiveFeed(source, clock);
  options.signal.addEventListener("abort", () => feed.close(), { once: true });
  const hasToken = tokenCheck(config.token);
  const headers = Object.entries(securityHeaders(dashboardPage.scriptHash, dashboardPage.styleHash));

  app.use(async function addSecurityHeaders(c, next) {
    await next();
    for (const [name, value] of headers) c.header(name, value);
  });

  app.use(async function checkWhoAsks(c, next) {
    const host = c.req.header("host") ?? null;
    if (!isAllowedHost(host, config.hosts)) {
      return refuse(c, 403, "This name is not allowed: use an address, localhost or a name in ADMIN_HOSTS");
    }
    if (!isAllowedOrigin(c.req.header("origin") ?? null, host)) {
      return refuse(c, 403, "Requests of another origin are not allowed");
    }
    const open = ROUTES.find(({ path }) => path === c.req.path)?.open;
    if (open === "always" || (open === "metrics_public" && config.metricsPublic)) return await next();
    if (hasToken(c.req.header("authorization") ?? null)) return await next();
    c.header("WWW-Authenticate", 'Bearer realm="sluice"');
    // A browser can't send the header by itself: the page, which holds nothing of this process, asks for the token.
    if (c.req.path === "/" && isRead(c)) return c.html(dashboardPage.html, 401);
    return refuse(c, 401, "This needs the header Authorization: Bearer and ADMIN_TOKEN");
  });

  app.get("/", (c) => c.html(dashboardPage.html));
  app.get("/lb/stats", (c) => {
    // Long if there are many targets. Has no text of others: names were parsed, reasons are sluice's own.
    const pieces = statsPieces(source.view(), source.table, clock.wallMs());
    c.header("Content-Type", "application/json");
    return c.req.method === "HEAD" ? c.body(null) : c.body(streamInTurns(pieces));
  });
  app.get("/metrics", async (c) => {
    // Loaded by the first scrape: prom-client and the parts of Node that it needs take memory.
    const { METRICS_CONTENT_TYPE, metricsStream } = await import("./metrics/metrics.ts");
    c.header("Content-Type", METRICS_CONTENT_TYPE);
    return c.req.method === "HEAD" ? c.body(null) : c.body(metricsStream(source.view(), source.table));
  });
  app.get(
    "/livez",
    (c) =>
      source.view().live
        ? c.text("alive\n")
        : c.text("a worker hangs, or no connection could be accepted for 30 s: restart sluice\n", 503),
  );
  app.get("/readyz", (c) => source.view().ready ? c.text("ready\n") : c.text("not ready\n", 503));
  app.get("/config", (c) =>
    json(c, {
      settings: source.settings().map((setting) => (
        { name: setting.variable, value: shownValue(setting), origin: setting.origin }
      )),
    }));
  app.get("/explain", async (c) => {
    const request = parseExplainQuery(new URL(c.req.url).searchParams);
    return typeof request === "string" ? refuse(c, 400, request) : json(c, await source.explain(request));
  });
  app.get("/decisions", async (c) => {
    const query = parseDecisionsQuery(new URL(c.req.url).searchParams);
    if (typeof query === "string") return refuse(c, 400, query);
    const { matches, limit } = query;
    const decisions = (await source.decisions()).filter(matches).slice(0, limit);
    c.header("Content-Type", "application/json");
    return c.req.method === "HEAD" ? c.body(null) : c.body(streamInTurns(decisionsPieces(decisions)));
  });
  app.get("/events", (c) => {
    c.header("Content-Type", "text/event-stream");
    // A proxy in front (nginx) must not buffer events.
    c.header("X-Accel-Buffering", "no");
    return c.req.method === "HEAD" ? c.body(null) : c.body(feed.subscribe());
  });
  app.post("/targets/:group/:target/:action{drain|enable}", (c) => {
    const { group, target, action } = c.req.param();
    const known = action === "drain" ? source.drain(group, target) : source.enable(group, target);
    return known
      ? json(c, { group, target, done: action })
      : refuse(c, 404, `No target ${quote(target)} in a group ${quote(group)}`);
  });

  for (const { path, method } of ROUTES) {
    const allow = method === "GET" ? "GET, HEAD" : method;
    app.all(path, (c) => {
      c.header("Allow", allow);
      return refuse(c, 405, `Method ${c.req.method} is not allowed here: use ${allow}`);
    });
  }
  app.onError((error, c) => {
    options.log.error("admin_failed", `The admin listener failed on ${c.req.path}`, { error: String(error) });
    return refuse(c, 500, "This failed inside sluice: the log says why");
  });
  app.notFound((c) => {
    c.status(404);
    return json(c, { error: "There is no such path", paths: ROUTES.map(({ open: _open, ...route }) => route) });
  });
  return app;
}

/** Indented, because people read it with curl; what could drive a terminal is escaped. */
function json(c: Context, value: unknown): Response {
  return jsonBody(c, shownLines(JSON.stringify(value, null, 2)));
}

function jsonBody(c: Context, text: string): Response {
  return c.body(text + "\n", { headers: { "Content-Type": "application/json" } });
}

function refuse(c: Context, status: 400 | 401 | 403 | 404 | 405 | 500, error: string): Response {
  c.status(status);
  return json(c, { error });
}

function isRead(c: Context): boolean {
  return c.req.method === "GET" || c.req.method === "HEAD";
}
