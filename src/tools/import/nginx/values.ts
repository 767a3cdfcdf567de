import type { Directive } from "./directives.ts";

/** nginx's variables that sluice can put into redirects and headers. `$request_uri` is the path with its query. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  host: "#{host}",
  http_host: "#{host}",
  scheme: "#{protocol}",
  request_uri: "/#{path}?#{query}",
  uri: "/#{path}",
  document_uri: "/#{path}",
  args: "#{query}",
  query_string: "#{query}",
  is_args: "?",
  server_port: "#{port}",
  remote_addr: "#{client_ip}",
  realip_remote_addr: "#{client_ip}",
  request_id: "#{request_id}",
  upstream_addr: "#{target}",
};

const VARIABLE = /\$(?:\{(\w+)\}|(\w+))/g;

/** Directives around a place, from the innermost block to the outermost. */
export type Blocks = readonly (readonly Directive[])[];

/** The directives of a name in the innermost block that has any: nginx inherits lists whole or not at all. */
export function effective(blocks: Blocks, name: string): Directive[] {
  for (const block of blocks) {
    const found = block.filter((each) => each.name === name);
    if (found.length > 0) return found;
  }
  return [];
}

/** Puts sluice's placeholders where nginx's variables stand; null if there is one without a counterpart. */
export function withPlaceholders(text: string, blocks: Blocks): string | null {
  let unknown = false;
  const result = withConstants(text, blocks).replace(VARIABLE, (_, braced, bare) => {
    const placeholder = Object.hasOwn(PLACEHOLDERS, braced ?? bare) ? PLACEHOLDERS[braced ?? bare] : undefined;
    if (placeholder === undefined) unknown = true;
    return placeholder ?? "";
  });
  return unknown ? null : result;
}

/** Puts in what `set $name text` says, and the server's name. */
export function withConstants(text: string, blocks: Blocks): string {
  return text.replace(VARIABLE, (whole, braced, bare) => {
    const name = braced ?? bare;
    if (name === "server_name") return effective(blocks, "server_name")[0]?.args[0] ?? whole;
    for (const block of blocks) {
      const set = block.find((each) => each.name === "set" && each.args[0] === `$${name}`);
      if (set !== undefined && !(set.args[1] ?? "").includes("$")) return set.args[1] ?? "";
    }
    return whole;
  });
}

/** nginx's times (`30`, `30s`, `1m30s`) as a duration of sluice's; null if it is none. */
export function durationText(text: string, unit: "s" | "ms" = "s"): string | null {
  const parts = [...text.matchAll(/(\d+)(ms|s|m|h|d|w|M|y)?/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join("") !== text) return null;
  const seconds: Record<string, number> = {
    ms: 0.001,
    s: 1,
    m: 60,
    h: 3600,
    d: 86400,
    w: 604800,
    M: 2592000,
    y: 31536000,
  };
  const total = parts.reduce((sum, part) => sum + Number(part[1]) * (seconds[part[2] ?? unit] ?? 1), 0);
  return Number.isInteger(total) ? `${total}s` : `${Math.round(total * 1000)}ms`;
}
