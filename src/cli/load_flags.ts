import { isToken, isValueByte } from "../http1/tokens.ts";
import { isBareNumber, parseDuration } from "../config/values/duration.ts";
import { quote } from "../logging/shown_text.ts";
import type { LoadRequest } from "../tools/exchange.ts";
import type { LoadPlan } from "../tools/load_test.ts";

/** The flags of `sluice load` as they stand on the command line. */
export interface LoadFlags {
  /** `--url URL`, the only one that must be given. */
  readonly url?: string;
  /** `--total N`: requests of one round of one level. */
  readonly total?: string;
  /** `--concurrency N...`: one level after the other; commas separate too. */
  readonly concurrency?: readonly string[];
  /** `--rounds N`. */
  readonly rounds?: string;
  /** `--timeout SECONDS`, or with a suffix (`500ms`). */
  readonly timeout?: string;
  /** `--rate N`: requests per second, open loop. */
  readonly rate?: string;
  /** `--warmup N`: requests before each level that are not counted. */
  readonly warmup?: string;
  /** `--fresh`: a connection for each request. */
  readonly fresh?: boolean;
  /** `--method METHOD`. */
  readonly method?: string;
  /** `-H, --header "NAME: VALUE"...`. */
  readonly header?: readonly string[];
  /** `--body TEXT`. */
  readonly body?: string;
  /** `--json FILE`; `-` is stdout. */
  readonly json?: string;
  /** `--plot FILE`; `-` is stdout. */
  readonly plot?: string;
}

/** Defaults of the flags; the warm-up is as long as a round, but at most a second. */
export const LOAD_DEFAULTS = { total: "1000", concurrency: ["25", "50", "100"], rounds: "1", timeout: "5" } as const;

/** What the flags ask for. */
export interface LoadOrder {
  readonly plan: LoadPlan;
  readonly request: LoadRequest;
}

const MOST_AT_ONCE = 10_000;
const MOST_REQUESTS = 1_000_000_000;
const LONGEST_TIMEOUT_MS = 3_600_000;

/** Reads the flags, all problems at once. */
export function parseLoadFlags(flags: LoadFlags): LoadOrder | { readonly problems: readonly string[] } {
  const problems: string[] = [];
  const integer = (flag: string, text: string, range: readonly [number, number]) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= range[0] && value <= range[1]) return value;
    problems.push(`Cannot use ${quote(text)} as ${flag}: it must be a whole number from ${range[0]} to ${range[1]}`);
    return range[0];
  };
  const url = readUrl(flags.url, problems);
  const total = integer("--total", flags.total ?? LOAD_DEFAULTS.total, [1, MOST_REQUESTS]);
  const levels = (flags.concurrency ?? LOAD_DEFAULTS.concurrency).flatMap((text) => text.split(","));
  const plan: LoadPlan = {
    total,
    concurrency: levels.filter((text) => text !== "").map((text) => integer("--concurrency", text, [1, MOST_AT_ONCE])),
    rounds: integer("--rounds", flags.rounds ?? LOAD_DEFAULTS.rounds, [1, 1000]),
    timeoutMs: readTimeout(flags.timeout ?? LOAD_DEFAULTS.timeout, problems),
    rate: flags.rate === undefined ? null : readRate(flags.rate, problems),
    warmup: flags.warmup === undefined ? total : integer("--warmup", flags.warmup, [0, MOST_REQUESTS]),
  };
  if (plan.concurrency.length === 0) problems.push(`Cannot use "" as --concurrency: it must name at least one level`);
  const method = (flags.method ?? (flags.body === undefined ? "GET" : "POST")).toUpperCase();
  if (!isToken(method) || method === "CONNECT") {
    problems.push(`Cannot use ${quote(method)} as --method: it must be a method of HTTP other than CONNECT`);
  }
  const headers = (flags.header ?? []).flatMap((text) => readHeader(text, problems));
  if (flags.json === "-" && flags.plot === "-") {
    problems.push(`Cannot use "-" as --json and --plot: only one of them can go to stdout`);
  }
  if (problems.length > 0) return { problems };
  return { plan, request: { url: url!, method, headers, body: flags.body ?? "", fresh: flags.fresh ?? false } };
}

function readUrl(text: string | undefined, problems: string[]): URL | null {
  const url = text === undefined ? null : URL.parse(text);
  if (url !== null && (url.protocol === "http:" || url.protocol === "https:")) return url;
  problems.push(
    text === undefined
      ? "--url: Must be set to an http or https address"
      : `Cannot use ${quote(text)} as --url: it must be an http or https address`,
  );
  return null;
}

/** A bare number is seconds here. */
function readTimeout(text: string, problems: string[]): number {
  const timeoutMs = isBareNumber(text) ? Number(text) * 1000 : parseDuration(text) ?? NaN;
  if (timeoutMs >= 1 && timeoutMs <= LONGEST_TIMEOUT_MS) return timeoutMs;
  problems.push(`Cannot use ${quote(text)} as --timeout: it must be seconds (4) or have a unit (500ms), up to an hour`);
  return LONGEST_TIMEOUT_MS;
}

function readRate(text: string, problems: string[]): number {
  const rate = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (rate > 0 && rate <= 1_000_000) return rate;
  problems.push(`Cannot use ${quote(text)} as --rate: it must be requests per second, above 0 and up to 1000000`);
  return 1;
}

function readHeader(text: string, problems: string[]): [string, string][] {
  const colon = text.indexOf(":");
  const name = text.slice(0, Math.max(colon, 0)).trim();
  const value = text.slice(colon + 1).trim();
  // It is sent in UTF-8.
  if (isToken(name) && new TextEncoder().encode(value).every(isValueByte)) return [[name, value]];
  problems.push(`Cannot use ${JSON.stringify(text)} as --header: it must be "NAME: VALUE"`);
  return [];
}
