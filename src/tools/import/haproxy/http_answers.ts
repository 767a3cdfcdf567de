import type { Collector } from "../output/collector.ts";
import type { Action, From } from "../output/imported.ts";
import { withPlaceholders } from "./formats.ts";
import type { Line } from "./sections.ts";

/** Tells whether a statement responds without a target. */
export function isAnswer([name = ""]: readonly string[]): boolean {
  return ["redirect", "deny", "return", "tarpit", "reject", "silent-drop"].includes(name);
}

/** The response of a statement; null if it is none, or sluice has no such response. */
export function answerOf([name, ...options]: readonly string[], line: Line, found: Collector): From<Action> | null {
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
