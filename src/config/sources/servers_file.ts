import { z } from "zod";
import { formatHostPort, parseHost } from "../values/address_values.ts";
import { cannotUse, type Problem, problemOf } from "../config_error.ts";
import { quote } from "../../logging/shown_text.ts";
import type { TargetEntry } from "../model.ts";
import { formatTarget, parseBase } from "../values/target_text.ts";
import { closest } from "../values/closest.ts";
import { Refusal } from "../values/value_kind.ts";
import { MOST_WEIGHT } from "../values/weights.ts";
import { messageOf } from "../../logging/message_of.ts";

const SERVER = z.strictObject({
  id: z.union([z.int(), z.string().min(1)]).optional(),
  host: z.string().refine((text) => parseHost(text.trim()) !== null),
  port: z.int().min(1).max(65535),
  weight: z.int().min(1).max(MOST_WEIGHT).optional(),
  base: z.string().refine((text) => !(parseBase(text) instanceof Refusal)).optional(),
});

/** What each key must hold, in words. */
const ALLOWED: Readonly<Record<keyof z.infer<typeof SERVER>, string>> = {
  id: "a whole number or a text",
  host: "a host name, an IPv4 or an IPv6 address",
  port: "a whole number from 1 to 65535",
  weight: `a whole number from 1 to ${MOST_WEIGHT}`,
  base: 'a path that begins with "/", without "?", "#", "\\", dot segments, spaces, control or non-ASCII characters',
};

/** One server of the file, and its place. */
export interface Server {
  /** `servers.json: $[1]`. */
  readonly place: string;
  readonly entry: TargetEntry;
}

/** The parser of servers files. It is passed in, so that only a process with such a file loads zod. */
export type ReadServersFile = typeof readServersFile;

/**
 * Parses a servers file: a JSON array of `{"id": 1, "host": "127.0.0.1", "port": 8001}`. Finds every problem at once.
 */
export function readServersFile(path: string, text: string): { servers: Server[]; problems: Problem[] } {
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    // The engine's message may quote the file, line ends included.
    const detail = quote(messageOf(error)).slice(1, -1);
    return { servers: [], problems: [problemOf(path, `Cannot read it as JSON: ${detail}`)] };
  }
  const result = z.array(SERVER).min(1).safeParse(json);
  if (!result.success) {
    return { servers: [], problems: result.error.issues.flatMap((issue) => problemsOf(path, json, issue)) };
  }
  const servers = result.data.map((server, index) => ({
    place: `${path}: $[${index}]`,
    entry: {
      scheme: "http" as const,
      host: parseHost(server.host.trim())!,
      port: server.port,
      base: parseBase(server.base ?? "") as string,
      weight: server.weight ?? 1,
    },
  }));
  return { servers, problems: [...sameTwice(servers), ...sameIdTwice(path, result.data)] };
}

/** Says one of zod's issues in sluice's words. */
function problemsOf(path: string, json: unknown, issue: z.core.$ZodIssue): Problem[] {
  const place = `${path}: $${
    issue.path.map((step) => typeof step === "number" ? `[${step}]` : `.${String(step)}`).join("")
  }`;
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const meant = closest(key, Object.keys(ALLOWED), 3);
      const text = `There is no such key; ${
        meant === null ? `the keys are ${Object.keys(ALLOWED).join(", ")}` : `did you mean ${quote(meant)}?`
      }`;
      return problemOf(`${place}.${quote(key).slice(1, -1)}`, text);
    });
  }
  const value = issue.path.reduce<any>((holder, step) => holder?.[step as PropertyKey], json);
  const key = issue.path.at(-1);
  const allowed = typeof key === "string"
    ? ALLOWED[key as keyof typeof ALLOWED]
    : issue.path.length === 0
    ? 'an array of at least one {"id": 1, "host": "127.0.0.1", "port": 8001}'
    : '{"id": 1, "host": "127.0.0.1", "port": 8001}';
  if (value === undefined) return [problemOf(place, `Missing: it must be ${allowed}`)];
  return [cannotUse(typeof value === "string" ? value : briefJson(value), place, allowed)];
}

/** Writes a value as JSON, or in short if it is too deep for the engine. */
function briefJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return Array.isArray(value) ? "[...]" : "{...}";
  }
}

function sameTwice(servers: readonly Server[]): Problem[] {
  const placeOf = new Map<string, string>();
  return servers.flatMap(({ place, entry }) => {
    const key = formatTarget(entry);
    const before = placeOf.get(key);
    placeOf.set(key, before ?? place);
    if (before === undefined) return [];
    return [problemOf(place, `${quote(formatHostPort(entry.host, entry.port))} is already at ${before}`)];
  });
}

function sameIdTwice(path: string, servers: readonly { id?: number | string | undefined }[]): Problem[] {
  const indexOf = new Map<string, number>();
  return servers.flatMap(({ id }, index) => {
    if (id === undefined) return [];
    const before = indexOf.get(String(id));
    indexOf.set(String(id), before ?? index);
    if (before === undefined) return [];
    return [problemOf(`${path}: $[${index}].id`, `${quote(String(id))} is already at $[${before}].id`)];
  });
}
