import { addTo, type Collector } from "../output/collector.ts";
import type { Action, From, Setting } from "../output/imported.ts";
import { fittingWhole, toRe2 } from "../output/re2.ts";
import { type Directive, originOf } from "./directives.ts";
import type { Case, Pools } from "./pools.ts";
import { targetTls } from "./target_tls.ts";
import type { Upstreams } from "./upstreams.ts";
import { type Blocks, effective, withConstants } from "./values.ts";

/** A request that is passed on: one rule for each case of the variable that names the group. */
export interface Forward {
  readonly conditions: Case["conditions"];
  readonly action: From<Action>;
  readonly settings: readonly Setting[];
}

/** How the location's path is written. */
export interface LocationPath {
  readonly modifier: "" | "=" | "^~" | "~" | "~*";
  readonly path: string;
}

/** The parts of `proxy_pass http://api:8080/v1/`. */
interface PassUrl {
  readonly scheme: "http" | "https";
  readonly authority: string;
  /** Null if the path goes on as it came. */
  readonly path: string | null;
}

/** What reads `proxy_pass` needs. */
export interface Places {
  readonly found: Collector;
  readonly upstreams: Upstreams;
  readonly pools: Pools;
}

/** Turns `proxy_pass` into forwards; empty if sluice can't pass requests on as it says. */
export function readForwards(pass: Directive, location: LocationPath, blocks: Blocks, places: Places): Forward[] {
  const { found, upstreams, pools } = places;
  const url = passUrl(withConstants(pass.args[0] ?? "", blocks));
  const from = originOf(pass);
  if (url === null) {
    found.lose(from, "sluice passes requests to targets that the configuration names, by http or https over TCP");
    return [];
  }
  const cases = url.authority.startsWith("$") ? pools.casesOf(url.authority) : [{
    conditions: {},
    values: [{ value: url.authority, share: 1 }],
    from: null,
  }];
  if (cases === null) {
    found.lose(from, `sluice does not know what ${url.authority} is`);
    return [];
  }
  const settings = ruleSettings(pass, url, location, blocks, found);
  if (settings === null) return [];
  const secure = url.scheme === "https" ? targetTls(pass, blocks, found) : [];
  const shared = [...groupSettings(pass, blocks, found), ...secure];
  return cases.flatMap((each): Forward[] => {
    const groups = each.values.flatMap(({ value, share }) => {
      const name = value === ""
        ? null
        : upstreams.groupFor(value, { scheme: url.scheme, settings: shared, from: pass });
      return name === null ? [] : [{ name, weight: share }];
    });
    if (groups.length === 0) {
      found.lose(each.from === null ? from : originOf(each.from), "it names no target that sluice can use");
      return [];
    }
    const split = each.from?.name === "split_clients";
    const origin = each.from === null ? from : originOf(each.from);
    // nginx keeps a client on its side by a hash; sluice does by a cookie.
    const sticky: Setting[] = split ? [{ name: "STICKINESS_ENABLED", value: "true", from: [origin] }] : [];
    return [{
      conditions: each.conditions,
      action: { value: { kind: "forward", groups }, from: origin },
      settings: [...settings, ...sticky],
    }];
  });
}

function passUrl(text: string): PassUrl | null {
  const match = /^(https?):\/\/(\$\{?\w+\}?|[^/$\s:]+(?::\d+)?|\[[\da-f:]+\](?::\d+)?)(\/.*|\$.*)?$/i.exec(text);
  if (match === null || match[2] === "unix") return null;
  const [, scheme, authority, rest] = match;
  const path = rest === undefined || rest === "$request_uri" ? null : rest.replace(/\$is_args\$args$/, "");
  return { scheme: scheme as "http" | "https", authority: authority!.replace(/[{}]/g, ""), path };
}

/** How the path changes on its way; null if sluice can't change it so. */
function ruleSettings(
  pass: Directive,
  url: PassUrl,
  location: LocationPath,
  blocks: Blocks,
  found: Collector,
): Setting[] | null {
  const settings: Setting[] = [];
  const rewrites = blocks[0]!.filter((each) =>
    each.name === "rewrite" && ["break", "last"].includes(each.args[2] ?? "")
  );
  const [rewrite, ...more] = rewrites;
  for (const each of more) found.lose(originOf(each), "a rule of sluice's has one rewrite");
  if (rewrite !== undefined) {
    const regex = toRe2(rewrite.args[0] ?? "");
    const to = (rewrite.args[1] ?? "").replace(/\?$/, "").replace(/\$(\d)/g, "${$1}").replace(
      /\$\{(\d)\}(?=\W|$)/g,
      "$$$1",
    );
    if (
      regex === null || /[\s?]/.test(to) || /\s/.test(regex) || !to.startsWith("/") && !to.startsWith("$") ||
      /\$[a-z]/.test(to)
    ) {
      found.lose(originOf(rewrite), "_REWRITE_REGEX takes RE2's syntax and the groups of its own regex");
    } else {
      if (rewrite.args[2] === "last") {
        found.needless(originOf(rewrite), "sluice does not look for another rule after a rewrite");
      }
      settings.push({ name: "REWRITE_REGEX", value: `${fittingWhole(regex)} ${to}`, from: [originOf(rewrite)] });
    }
    return settings;
  }
  if (url.path === null) return settings;
  const from = [originOf(pass)];
  const text = withConstants(url.path, blocks).replace(/\$/g, "$$$$");
  const { modifier, path } = location;
  if (modifier === "~" || modifier === "~*") {
    const regex = toRe2(path, modifier === "~*");
    if (regex === null || /\$[a-z{]/i.test(url.path) || !url.path.startsWith("/")) {
      found.lose(from[0]!, "sluice can't build this path");
      return null;
    }
    return [{ name: "REWRITE_REGEX", value: `${fittingWhole(regex)} ${url.path}`, from }];
  }
  if (/\$/.test(url.path)) {
    found.lose(from[0]!, "sluice can't build this path");
    return null;
  }
  const escaped = path.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  if (modifier === "=") return [{ name: "REWRITE_REGEX", value: `^${escaped}$ ${text}`, from }];
  if (url.path === path) return settings;
  const stripped = path.replace(/\/$/, "");
  if (url.path === "/" && path.endsWith("/") && stripped !== "") {
    return [{ name: "PATH_REWRITE", value: stripped, from }];
  }
  return [{ name: "REWRITE_REGEX", value: `^${escaped}(.*)$ ${text}$1`, from }];
}

/** What PRESERVE_HOST and LOCATION_REWRITE must be for a location. */
function groupSettings(pass: Directive, blocks: Blocks, found: Collector): Setting[] {
  const settings: Setting[] = [];
  const host = effective(blocks, "proxy_set_header").find((each) => each.args[0]?.toLowerCase() === "host");
  const preserves = host !== undefined && /^\$(http_)?host(:\$server_port)?$/.test(host.args[1] ?? "");
  if (preserves) settings.push({ name: "PRESERVE_HOST", value: "true", from: [originOf(host)] });
  const redirects = effective(blocks, "proxy_redirect");
  for (const each of redirects) {
    if (each.args[0] === "off") found.needless(originOf(each), "LOCATION_REWRITE=false is the default");
    else if (each.args[0] !== "default") {
      found.lose(originOf(each), "LOCATION_REWRITE knows the target's own address alone");
    }
  }
  if (!preserves && redirects.every((each) => each.args[0] === "default")) {
    addTo(settings, "LOCATION_REWRITE", "true", originOf(redirects[0] ?? pass), ",");
  }
  return settings;
}
