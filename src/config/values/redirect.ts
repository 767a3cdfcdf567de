import { quote } from "../../logging/shown_text.ts";
import type { RedirectAction } from "../rule_action.ts";
import { Refusal, type ValueKind } from "./value_kind.ts";

/** What a redirect can put in of the request. */
const REDIRECT_PLACEHOLDERS = ["protocol", "host", "port", "path", "query"] as const;

const STATUSES = [301, 302, 303, 307, 308];
const FORM = "a status (301, 302, 303, 307 or 308), a blank and a URL, such as 301 https://#{host}/#{path}?#{query}";

/** Locations that name each request's own URL, or do so if the client named the listener's port. */
const OWN_URL = /^(#\{protocol\}:\/\/#\{host\}(:#\{port\})?)?\/#\{path\}\?#\{query\}$/;

/** `_REDIRECT`: a status and a Location with placeholders. */
export const REDIRECT: ValueKind<RedirectAction> = {
  words: "status and URL",
  parse: (text) => {
    const match = /^(\d{3})\s+(\S+)$/.exec(text);
    if (match === null || !STATUSES.includes(Number(match[1]))) return new Refusal(FORM);
    const location = match[2]!;
    const wrong = problemOfLocation(location);
    if (wrong !== null) return new Refusal(wrong);
    return { kind: "redirect", status: Number(match[1]), location };
  },
  format: ({ status, location }) => `${status} ${location}`,
};

function problemOfLocation(location: string): string | null {
  const unknown = [...location.matchAll(/#(\{[^}]*\}?)?/g)].find(([, name]) =>
    !REDIRECT_PLACEHOLDERS.some((known) => name === `{${known}}`)
  );
  if (unknown !== undefined) {
    const known = REDIRECT_PLACEHOLDERS.map((name) => `#{${name}}`).join(", ");
    return `with the placeholders ${known} (${quote(unknown[0])} is none)`;
  }
  if (/[^\x21-\x7e]|["<>\\^`|]/.test(location.replace(/#\{\w+\}/g, ""))) {
    return "with a URL as it is sent: what is not ASCII, or not allowed in a URL, is percent-encoded";
  }
  const absolute = /^(?:https?|#\{protocol\}):\/\/([^/?]*)(.*)$/i.exec(location);
  if (absolute === null && (!location.startsWith("/") || location.startsWith("//"))) {
    return 'a URL that begins with "http://", "https://", "#{protocol}://" or "/"';
  }
  const [, authority = "", rest = location] = absolute ?? [];
  if (
    absolute !== null &&
    !/^([a-z0-9._~!$&'()*+,;=%-]|#\{host\})+(:(\d{1,5}|#\{port\}))?$|^\[[0-9a-f:.]+\](:(\d{1,5}|#\{port\}))?$/i.test(
      authority,
    )
  ) {
    return 'a URL with a host between "://" and the next "/", such as #{host}';
  }
  // What a client wrote must not become a part of the host.
  if (/#\{(path|query)\}/.test(authority) || (absolute !== null && rest !== "" && !/^[/?]/.test(rest))) {
    return 'a URL whose host ends with "/"';
  }
  if (OWN_URL.test(location)) return "another URL than the request's own, to which this one always leads";
  return null;
}
