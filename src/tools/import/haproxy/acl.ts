import type { Conditions, From, Origin } from "../output/imported.ts";
import { literal } from "../output/patterns.ts";
import { toPatterns, toRe2 } from "../output/re2.ts";

/** How a value is compared: equal, beginning, end, part, directory, domain, regular expression, or only being there. */
type Method = "str" | "beg" | "end" | "sub" | "dir" | "dom" | "reg" | "found";

/** What an expression of ACLs asks for; null if sluice can't ask for it. */
export type Criterion = Partial<Conditions> | null;

/** `rand(100) lt 10`: a share of all requests, in percent. */
export const SHARE = /^rand\((\d+)\)$/;

/** Reads what follows an ACL's name: `hdr(host) -i shop.example www.shop.example`. */
export function parseCriterion(words: readonly string[], origin: Origin): Criterion {
  const [fetch = "", ...rest] = words;
  const [, name = "", suffix, argument = ""] = new RegExp(
    String.raw`^((?:req\.)?(?:fhdr|hdr_cnt|hdr|cook_cnt|cook)|path|method|src|ssl_fc|url_param|urlp|` +
      String.raw`base)(?:_(beg|end|sub|dir|dom|reg))?(?:\(([^)]*)\))?$`,
  )
    .exec(fetch) ?? [];
  let method: Method = (suffix as Method | undefined) ?? "str";
  let anyCase = false;
  const values: string[] = [];
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i]!;
    if (values.length === 0 && word === "-i") anyCase = true;
    else if (values.length === 0 && word === "-m") method = methodOf(rest[++i]) ?? "str";
    else if (values.length === 0 && word === "--") continue;
    else if (values.length === 0 && /^-[fFMnu]$/.test(word)) return null; // a file of values
    else values.push(word);
  }
  const kind = name.replace(/^req\./, "").replace(/^fhdr/, "hdr");
  if (["always_true", "TRUE"].includes(fetch)) return {};
  if (kind === "ssl_fc") return { protocol: { value: values[0] === "0" ? "http" : "https", from: origin } };
  if (kind === "method") return { methods: values.map((value) => ({ value, from: origin })) };
  if (kind === "src") return { sourceIps: values.map((value) => ({ value, from: origin })) };
  if (kind === "path") return pathCriterion(method, anyCase, values, origin);
  if (/_cnt$/.test(kind)) {
    return values.join(" ") === "gt 0" ? named(kind.replace("_cnt", ""), argument, [], origin) : null;
  }
  const patterns = valuePatterns(method, values);
  if (patterns === null) return null;
  if (kind === "hdr" && argument.toLowerCase() === "host") {
    return patterns.length === 0 ? null : { hosts: patterns.map((value): From<string> => ({ value, from: origin })) };
  }
  return named(kind, argument, patterns, origin);
}

function methodOf(word: string | undefined): Method | null {
  const known = ["str", "beg", "end", "sub", "dir", "dom", "reg", "found"] as const;
  return known.find((each) => each === word) ?? null;
}

function named(kind: string, argument: string, patterns: readonly string[], from: Origin): Criterion {
  const name = argument.split(",")[0]!;
  if (name === "") return null;
  const test = [{ value: { name, patterns }, from }];
  if (kind === "hdr") return { headers: test };
  if (kind === "cook") return { cookies: test };
  return kind === "url_param" || kind === "urlp" ? { queries: test } : null;
}

/** Patterns for values; empty if the value only has to be there, null if there are none. */
function valuePatterns(method: Method, values: readonly string[]): string[] | null {
  if (method === "found") return [];
  const all = values.flatMap((value) => {
    const text = literal(value);
    switch (method) {
      case "beg":
        return [`${text}*`];
      case "end":
        return [`*${text}`];
      case "sub":
        return [`*${text}*`];
      case "dom":
        return [text, `*.${text}`, `${text}.*`, `*.${text}.*`];
      case "reg":
        return toPatterns(value) ?? [null];
      default:
        return method === "dir" ? [null] : [text];
    }
  });
  return all.length === 0 || all.includes(null) ? null : all as string[];
}

function pathCriterion(method: Method, anyCase: boolean, values: readonly string[], from: Origin): Criterion {
  if (values.length === 0) return null;
  if (method === "reg" || anyCase) {
    const escape = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    const forms: Partial<Record<Method, (text: string) => string>> = {
      reg: (text) => text,
      str: (text) => `^${escape(text)}$`,
      beg: (text) => `^${escape(text)}`,
      end: (text) => `${escape(text)}$`,
      sub: escape,
    };
    const form = forms[method];
    if (form === undefined) return null;
    const all = values.map(form);
    const regex = toRe2(all.length === 1 ? all[0]! : all.map((each) => `(?:${each})`).join("|"), anyCase);
    return regex === null || /\s/.test(regex) ? null : { path: { value: { kind: "regex", regex }, from } };
  }
  const patterns = method === "dir"
    ? values.flatMap((value) => {
      const text = literal(value.replace(/^\/|\/$/g, ""));
      return [`*/${text}/*`, `*/${text}`];
    })
    : valuePatterns(method, values);
  if (patterns === null || patterns.length === 0) return null;
  const [only] = values;
  if (method === "beg" && values.length === 1 && only!.endsWith("/")) {
    return { path: { value: { kind: "prefix", prefix: only! }, from } };
  }
  return { path: { value: { kind: "patterns", patterns }, from } };
}
