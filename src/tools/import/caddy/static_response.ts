import type { Collector } from "../output/collector.ts";
import type { Action, From } from "../output/imported.ts";
import { withPlaceholders } from "./placeholders.ts";
import type { CaddyHandler } from "./routes.ts";

/** What a `static_response` does; null if sluice has no such response. */
export function staticAction({ fields, origin }: CaddyHandler, found: Collector): From<Action> | null {
  const { status_code, headers = {}, body = "", abort } = fields as {
    status_code?: number | string;
    headers?: Record<string, string[]>;
    body?: string;
    abort?: boolean;
  };
  const header = (name: string) => Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1]?.[0];
  const location = header("location");
  const status = Number(status_code ?? (location === undefined ? 200 : 302));
  if (abort === true) {
    found.lose(origin, "sluice can't close without a response; it answers with 403");
    return { value: { kind: "fixed", status: 403, type: "text/plain", body: "" }, from: origin };
  }
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    found.lose(origin, "a fixed response has a status from 200 to 599");
    return null;
  }
  if (location !== undefined) {
    const text = withPlaceholders(location);
    if (text === null || /\s/.test(text) || ![301, 302, 303, 307, 308].includes(status)) {
      found.lose(origin, "sluice's redirects have 301, 302, 303, 307 or 308 and a URL of their own placeholders");
      return null;
    }
    const whole = text.startsWith("/") ? `#{protocol}://#{host}:#{port}${text}` : text;
    return { value: { kind: "redirect", status, location: whole }, from: origin };
  }
  const others = Object.keys(headers).filter((name) => name.toLowerCase() !== "content-type");
  if (others.length > 0) found.lose(origin, `a fixed response has no headers of its own: ${others.join(", ")}`);
  if (/\{[\w.$:-]+\}/.test(body)) found.lose(origin, "a fixed response has no placeholders: its body is left out");
  const text = /\{[\w.$:-]+\}/.test(body) || status === 204 || status === 304 ? "" : body;
  const type = (header("content-type") ?? "text/plain").replace(/;.*$/s, "");
  return { value: { kind: "fixed", status, type, body: text }, from: origin };
}
