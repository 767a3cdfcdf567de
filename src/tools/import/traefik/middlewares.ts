import type { Collector } from "../output/collector.ts";
import type { Action, From, Origin, Setting } from "../output/imported.ts";
import { fittingWhole, toRe2 } from "../output/re2.ts";
import { headers } from "./header_middleware.ts";
import { regexRedirect, schemeRedirect } from "./redirect_middlewares.ts";
import { allOrigins, at, textAt, textsAt, type Value } from "./documents.ts";

/** What the middlewares of a router do to its rule. */
export interface Applied {
  readonly settings: readonly Setting[];
  /** A redirect for all its requests. */
  readonly action?: From<Action>;
  /** For http alone: a redirect to https. */
  readonly toHttps?: From<Action>;
  readonly guard?: Origin;
}

interface Collecting {
  readonly settings: Setting[];
  action?: From<Action>;
  toHttps?: From<Action>;
  guard?: Origin;
}

/** Reads middlewares by name, chains included. */
export class Middlewares {
  readonly #found: Collector;
  readonly #all: ReadonlyMap<string, Value>;
  readonly #used = new Set<string>();

  constructor(found: Collector, middlewares: Value | undefined) {
    this.#found = found;
    this.#all = middlewares?.fields ?? new Map();
  }

  /** What the middlewares of these names do. */
  apply(names: readonly string[], from: Origin): Applied {
    const result: Collecting = { settings: [] };
    for (const name of names) this.#one(name, from, result, 0);
    return result;
  }

  /** Says which middlewares no router names. */
  reportUnused(): void {
    for (const [name, middleware] of this.#all) {
      if (this.#used.has(name)) continue;
      for (const origin of allOrigins(middleware)) this.#found.needless(origin, "no router names this middleware");
    }
  }

  #one(name: string, from: Origin, result: Collecting, depth: number): void {
    const bare = name.replace(/@.*$/, "");
    const middleware = this.#all.get(bare);
    if (middleware === undefined || depth > 5) {
      this.#found.lose(from, `there is no middleware ${name} in these files`);
      return;
    }
    this.#used.add(bare);
    this.#found.needless(middleware.origin, "it is read with the routers that name it");
    for (const [kind, value] of middleware.fields) {
      if (kind === "chain") {
        for (const each of textsAt(value, "middlewares")) this.#one(each, value.origin, result, depth + 1);
      } else this.#kind(kind.toLowerCase(), value, result);
    }
  }

  #kind(kind: string, value: Value, result: Collecting): void {
    const { settings } = result;
    const { origin } = value;
    const found = this.#found;
    const rewrite = (setting: Setting) => {
      const known = settings.some((each) => each.name === "PATH_REWRITE" || each.name === "REWRITE_REGEX");
      if (known) found.lose(origin, "a rule of sluice's has one rewrite");
      else settings.push(setting);
    };
    switch (kind) {
      case "stripprefix": {
        const prefixes = textsAt(value, "prefixes");
        const from = allOrigins(value);
        if (prefixes.length === 1) rewrite({ name: "PATH_REWRITE", value: prefixes[0]!.replace(/(.)\/$/, "$1"), from });
        else {
          const all = prefixes.map((each) => each.replace(/\/$/, "").replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|");
          rewrite({ name: "REWRITE_REGEX", value: `^(?:${all})/*(.*)$ /$1`, from });
        }
        break;
      }
      case "addprefix":
        rewrite({ name: "REWRITE_REGEX", value: `^(.*)$ ${textAt(value, "prefix") ?? ""}$1`, from: allOrigins(value) });
        break;
      case "replacepath":
        rewrite({ name: "REWRITE_REGEX", value: `^.*$ ${textAt(value, "path") ?? "/"}`, from: allOrigins(value) });
        break;
      case "replacepathregex": {
        const regex = toRe2(textAt(value, "regex") ?? "");
        const to = textAt(value, "replacement") ?? "";
        if (regex === null || /\s/.test(regex + to)) {
          found.lose(origin, "_REWRITE_REGEX takes RE2's syntax, without blanks");
        } else {rewrite({
            name: "REWRITE_REGEX",
            value: `${regex.startsWith("^") ? regex : fittingWhole(regex)} ${to}`,
            from: allOrigins(value),
          });}
        break;
      }
      case "redirectscheme":
        result.toHttps = schemeRedirect(value, found);
        break;
      case "redirectregex":
        result.action = regexRedirect(value, found) ?? result.action;
        break;
      case "headers":
        headers(value, settings, found);
        break;
      case "compress":
        settings.push({ name: "COMPRESSION_ENABLE", value: "true", from: [origin] });
        break;
      case "ratelimit": {
        const period = textAt(value, "period");
        const unit = period === undefined || /^1s?$/.test(period) ? "s" : /^(1m|60s?)$/.test(period) ? "m" : null;
        const burst = textAt(value, "burst");
        const text = `${textAt(value, "average") ?? 0}/${unit}${burst === undefined ? "" : ` burst ${burst}`}`;
        if (unit === null) found.lose(origin, "RATE_LIMIT counts by second or minute");
        else settings.push({ name: "RATE_LIMIT", value: text, from: allOrigins(value) });
        break;
      }
      case "ipwhitelist":
      case "ipallowlist":
        settings.push({ name: "ALLOW", value: textsAt(value, "sourceRange").join(","), from: allOrigins(value) });
        break;
      case "inflightreq":
        settings.push({ name: "MAX_IN_FLIGHT", value: textAt(value, "amount") ?? "0", from: allOrigins(value) });
        break;
      case "basicauth":
        if (at(value, "usersFile") !== undefined) {
          settings.push({ name: "BASIC_AUTH_FILE", value: textAt(value, "usersFile")!, from: allOrigins(value) });
          break;
        }
        result.guard = origin;
        for (const each of allOrigins(value)) found.lose(each, "sluice reads users from a file: BASIC_AUTH_FILE");
        break;
      case "forwardauth":
        settings.push({ name: "FORWARD_AUTH", value: textAt(value, "address") ?? "", from: allOrigins(value) });
        break;
      case "digestauth":
        result.guard = origin;
        for (const each of allOrigins(value)) found.lose(each, "sluice has no digest authentication");
        break;
      case "buffering":
        for (const [name, each] of value.fields) {
          if (name === "maxRequestBodyBytes") found.setMost("MAX_BODY_BYTES", String(each.scalar), each.origin);
          else found.needless(each.origin, "sluice streams bodies both ways and never stores them");
        }
        break;
      case "retry":
        found.set("RETRY_ATTEMPTS", textAt(value, "attempts") ?? "1", origin);
        for (const each of allOrigins(value)) found.needless(each, "sluice retries by RETRY_ATTEMPTS");
        break;
      default:
        for (const each of allOrigins(value)) found.lose(each, `sluice has no counterpart for ${kind}`);
    }
  }
}
