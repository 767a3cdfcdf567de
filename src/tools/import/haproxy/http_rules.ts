import { addTo, type Collector } from "../output/collector.ts";
import type { Action, From, Setting } from "../output/imported.ts";
import { fittingWhole, toRe2 } from "../output/re2.ts";
import { type Acls, type Case } from "./conditions.ts";
import { withPlaceholders } from "./formats.ts";
import type { Line } from "./sections.ts";

/** What `http-request` and `redirect` lines of a section do. */
export interface HttpRules {
  /** Responses without a target, in order. */
  readonly answers: readonly { readonly line: Line; readonly cases: readonly Case[]; readonly action: From<Action> }[];
  /** What holds for all requests of the section. */
  readonly settings: readonly Setting[];
  /** A line that keeps clients out and could not be carried over. */
  readonly guard?: Line;
}

/** Headers that HEADER_CONVENTION_ENABLE adds. */
const CONVENTION = /^(x-forwarded-(for|proto|host|port)|x-real-ip|x-request-id)$/i;
const NEEDLESS =
  /^(capture|set-log-level|track-sc\d|set-tos|set-mark|set-nice|set-priority-(class|offset)|normalize-uri|strict-mode|disable-l7-retry|do-resolve|cache-use|cache-store|wait-for-handshake|set-src|set-timeout)$/;

/** Reads the lines `http-request`, `http-response`, `redirect` and the older `reqadd` of a section. */
export function readHttpRules(lines: readonly Line[], acls: Acls, found: Collector): HttpRules {
  const answers: { line: Line; cases: readonly Case[]; action: From<Action> }[] = [];
  const settings: Setting[] = [];
  let guard: Line | undefined;
  for (const line of lines) {
    const [keyword, first = ""] = line.words;
    if (!["http-request", "http-response", "http-after-response", "redirect"].includes(keyword ?? "")) continue;
    const words = keyword === "redirect" ? line.words : line.words.slice(1);
    const { statement, cases } = split(words, acls, line);
    if (cases === null) {
      const keepsOut = ["deny", "auth", "reject", "tarpit"].includes(first);
      const why = keepsOut
        ? "sluice has no condition for it; look for RATE_LIMIT, ALLOW and DENY"
        : "sluice has no condition for it";
      found.lose(line.origin, why);
      continue;
    }
    if (keyword === "http-request" || keyword === "redirect") {
      if (first === "auth" && keyword === "http-request") {
        guard = line;
        found.lose(line.origin, "sluice reads users from a file: BASIC_AUTH_FILE");
        continue;
      }
      const action = answerOf(statement, line, found);
      if (action !== null) answers.push({ line, cases, action });
      else if (action === null && !isAnswer(statement)) requestSetting(statement, cases, line, settings, found);
    } else responseSetting(statement, cases, line, settings, found);
  }
  return guard === undefined ? { answers, settings } : { answers, settings, guard };
}

/** Cuts off what follows `if` or `unless`. */
export function split(
  words: readonly string[],
  acls: Acls,
  line: Line,
): { statement: readonly string[]; cases: Case[] | null } {
  const at = words.findIndex((word) => word === "if" || word === "unless");
  if (at < 0) return { statement: words, cases: acls.cases([], false, line.origin) };
  return { statement: words.slice(0, at), cases: acls.cases(words.slice(at + 1), words[at] === "unless", line.origin) };
}

function isAnswer([name = ""]: readonly string[]): boolean {
  return ["redirect", "deny", "return", "tarpit", "reject", "silent-drop"].includes(name);
}

function answerOf([name, ...options]: readonly string[], line: Line, found: Collector): From<Action> | null {
  const from = line.origin;
  const option = (key: string) => {
    const at = options.indexOf(key);
    return at < 0 ? undefined : options[at + 1];
  };
  if (name === "redirect") return redirectOf(options, option, line, found);
  if (name === "deny" || name === "tarpit") {
    const status = Number(option("deny_status") ?? option("status") ?? (name === "deny" ? 403 : 500));
    return { value: { kind: "fixed", status, type: "text/plain", body: "" }, from };
  }
  if (name === "reject" || name === "silent-drop") {
    found.lose(from, "sluice can't close without a response; it answers with 403");
    return { value: { kind: "fixed", status: 403, type: "text/plain", body: "" }, from };
  }
  if (name !== "return") return null;
  const status = Number(option("status") ?? 200);
  const body = option("string") ?? option("lf-string") ?? "";
  if (
    ["file", "lf-file", "errorfile", "errorfiles", "hdr"].some((each) => options.includes(each)) || body.includes("%[")
  ) {
    found.lose(from, "a fixed response has its text in the variable, without files, samples and headers");
  }
  const text = body.includes("%[") ? "" : body;
  return { value: { kind: "fixed", status, type: option("content-type") ?? "text/plain", body: text }, from };
}

function redirectOf(
  options: readonly string[],
  option: (key: string) => string | undefined,
  line: Line,
  found: Collector,
): From<Action> | null {
  const [kind, value = ""] = options;
  const text = withPlaceholders(value);
  const query = options.includes("drop-query") ? "" : "?#{query}";
  const slash = options.includes("append-slash") ? "/" : "";
  const location = text === null
    ? null
    : kind === "scheme"
    ? `${text}://#{host}/#{path}${query}`
    : kind === "prefix"
    ? `${text === "/" ? "" : text}/#{path}${slash}${query}`
    : text;
  if (location === null || /\s/.test(location) || options.includes("set-cookie") || options.includes("clear-cookie")) {
    found.lose(line.origin, "sluice's redirect has no counterpart for a part of it");
    if (location === null || /\s/.test(location)) return null;
  }
  const whole = location.startsWith("/") ? `#{protocol}://#{host}:#{port}${location}` : location;
  return { value: { kind: "redirect", status: Number(option("code") ?? 302), location: whole }, from: line.origin };
}

function requestSetting(
  [name = "", header = "", value = ""]: readonly string[],
  cases: readonly Case[],
  { origin }: Line,
  settings: Setting[],
  found: Collector,
): void {
  const always = isAlways(cases);
  if (["set-header", "add-header"].includes(name) && CONVENTION.test(header)) {
    found.set("HEADER_CONVENTION_ENABLE", "true", origin);
  } else if (NEEDLESS.test(name)) found.needless(origin, "no counterpart, and none is needed");
  else if (!always) found.lose(origin, "sluice sets headers and paths for all requests of a rule");
  else if (name === "set-header" && header.toLowerCase() === "host") {
    if (value.includes("%")) found.lose(origin, "_HOST_REWRITE takes a fixed name");
    else addTo(settings, "HOST_REWRITE", value, origin, ",");
  } else if (name === "set-header" || name === "add-header") {
    headerSetting("REQUEST", header, value, origin, settings, found);
  } else if (name === "del-header") addTo(settings, "REQUEST_HEADERS_REMOVE", header, origin, "\n");
  else if (name === "replace-path" || name === "replace-uri" || name === "set-path") {
    const regex = name === "set-path" ? "^/" : toRe2(header);
    const to = (name === "set-path" ? header : value).replace(/\$/g, "$$$$").replace(/\\(\d)/g, "${$1}");
    const known = settings.some((each) => each.name === "REWRITE_REGEX");
    const prefixed = name === "set-path" ? /^([^%]*)%\[path\]$/.exec(header)?.[1] : undefined;
    if (prefixed !== undefined && !known) {
      settings.push({ name: "REWRITE_REGEX", value: `^(.*)$ ${prefixed}$1`, from: [origin] });
    } else if (regex === null || known || /\s|%\[/.test(`${regex}${to}`) || /^https?:/.test(to)) {
      found.lose(origin, "a rule of sluice's has one rewrite, in RE2's syntax, without samples");
    } else settings.push({ name: "REWRITE_REGEX", value: `${fittingWhole(regex)} ${to}`, from: [origin] });
  } else found.lose(origin, "sluice has no counterpart");
}

function responseSetting(
  [name = "", header = "", value = ""]: readonly string[],
  cases: readonly Case[],
  { origin }: Line,
  settings: Setting[],
  found: Collector,
): void {
  if (NEEDLESS.test(name)) found.needless(origin, "no counterpart, and none is needed");
  else if (!isAlways(cases)) found.lose(origin, "sluice sets headers for all responses of a rule");
  else if (name === "set-header" || name === "add-header") {
    headerSetting("RESPONSE", header, value, origin, settings, found);
  } else if (name === "del-header") addTo(settings, "RESPONSE_HEADERS_REMOVE", header, origin, "\n");
  else found.lose(origin, "sluice has no counterpart");
}

function headerSetting(
  side: "REQUEST" | "RESPONSE",
  header: string,
  value: string,
  origin: Line["origin"],
  settings: Setting[],
  found: Collector,
): void {
  const text = withPlaceholders(value);
  if (text === null) found.lose(origin, "sluice has no placeholder for a sample in it");
  else addTo(settings, `${side}_HEADERS_SET`, `${header}: ${text}`, origin, "\n");
}

function isAlways(cases: readonly Case[]): boolean {
  return cases.every(({ conditions, except, share }) =>
    except.length === 0 && share === null && conditions.path === undefined && conditions.protocol === undefined &&
    [
      conditions.hosts,
      conditions.methods,
      conditions.headers,
      conditions.cookies,
      conditions.queries,
      conditions.sourceIps,
    ]
      .every((list) => list.length === 0)
  );
}
