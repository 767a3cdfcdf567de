/** Caddy's placeholders, in their long and short forms, that sluice can put into redirects and headers. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  "http.request.host": "#{host}",
  host: "#{host}",
  "http.request.hostport": "#{host}",
  hostport: "#{host}",
  "http.request.header.Host": "#{host}",
  "http.request.scheme": "#{protocol}",
  scheme: "#{protocol}",
  "http.request.port": "#{port}",
  port: "#{port}",
  "http.request.uri": "/#{path}?#{query}",
  "http.request.orig_uri": "/#{path}?#{query}",
  uri: "/#{path}?#{query}",
  "http.request.uri.path": "/#{path}",
  "http.request.orig_uri.path": "/#{path}",
  path: "/#{path}",
  "http.request.uri.query": "#{query}",
  query: "#{query}",
  "http.request.remote.host": "#{client_ip}",
  remote_host: "#{client_ip}",
  client_ip: "#{client_ip}",
  "http.vars.client_ip": "#{client_ip}",
  "http.request.uuid": "#{request_id}",
  "http.reverse_proxy.upstream.hostport": "#{target}",
  upstream_hostport: "#{target}",
};

/** Puts sluice's placeholders where Caddy's stand; null if there is one without a counterpart. */
export function withPlaceholders(text: string): string | null {
  let unknown = false;
  const result = text.replace(/\{([\w.$:-]+)\}/g, (_, name) => {
    const placeholder = Object.hasOwn(PLACEHOLDERS, name) ? PLACEHOLDERS[name] : undefined;
    if (placeholder === undefined) unknown = true;
    return placeholder ?? "";
  });
  return unknown ? null : result;
}

/** A duration of Caddy's, as text (`1m30s`) or nanoseconds, as one of sluice's; null if it is none. */
export function durationText(value: unknown): string | null {
  if (typeof value === "number") return `${Math.round(value / 1e6)}ms`;
  const text = String(value);
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join("") !== text) return null;
  if (parts.length === 1 && /^\d+(ms|s|m|h|d)$/.test(text)) return text;
  const ms: Record<string, number> = {
    ns: 1e-6,
    us: 1e-3,
    "µs": 1e-3,
    ms: 1,
    s: 1000,
    m: 60_000,
    h: 3_600_000,
    d: 86_400_000,
  };
  return `${Math.round(parts.reduce((sum, part) => sum + Number(part[1]) * ms[part[2]!]!, 0))}ms`;
}
