import type { Collector } from "../output/collector.ts";
import type { Action, From, Origin } from "../output/imported.ts";
import { type Directive, originOf } from "./directives.ts";
import { type Blocks, effective, withPlaceholders } from "./values.ts";

/** A fixed response with nothing but a status. */
export function readOwnAnswer(status: number, from: Origin): From<Action> {
  return { value: { kind: "fixed", status, type: "text/plain", body: "" }, from };
}

/** What a `return` does; null if sluice has no such response. */
export function returnAction(directive: Directive, blocks: Blocks, found: Collector): From<Action> | null {
  const from = originOf(directive);
  const [first = "", second] = directive.args;
  const status = /^\d{3}$/.test(first) ? Number(first) : 302;
  const text = status === 302 && first !== "302" ? first : second ?? "";
  if (status === 444) {
    found.lose(from, "sluice can't close without a response; it answers with 404");
    return readOwnAnswer(404, from);
  }
  const redirects = [301, 302, 303, 307, 308].includes(status) && text !== "";
  if (redirects) {
    const location = redirectLocation(text, blocks);
    if (location !== null) return { value: { kind: "redirect", status, location }, from };
    found.lose(from, "sluice has no placeholder for a variable in it");
    return null;
  }
  if (status < 200 || status > 599) {
    found.lose(from, "a fixed response has a status from 200 to 599");
    return null;
  }
  if (text.includes("$")) {
    found.lose(from, "a fixed response has no variables: its body is left out");
    return readOwnAnswer(status, from);
  }
  const type =
    effective(blocks, "add_header").find((each) => each.args[0]?.toLowerCase() === "content-type")?.args[1] ??
      effective(blocks, "default_type")[0]?.args[0] ?? "text/plain";
  const body = status === 204 || status === 304 ? "" : text;
  return { value: { kind: "fixed", status, type: type.replace(/;.*$/s, ""), body }, from };
}

/** A target of a redirect; one that begins with `/` gets the scheme and host, as nginx does it. */
export function redirectLocation(text: string, blocks: Blocks): string | null {
  const location = withPlaceholders(text, blocks);
  if (location === null || /\s/.test(location)) return null;
  return location.startsWith("/") ? `#{protocol}://#{host}:#{port}${location}` : location;
}
