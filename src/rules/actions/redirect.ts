import type { RedirectAction } from "../../config/rule_action.ts";
import { bareHost } from "../bare_host.ts";
import type { ActionRequest, Answers } from "./action.ts";

/** `_REDIRECT`: a Location made of the request's parts. */
export function redirect({ status, location }: RedirectAction): Answers {
  const pieces = location.split(/(#\{\w+\})/);
  const relative = location.startsWith("/");
  const needsHost = pieces.includes("#{host}");
  return {
    kind: "redirect",
    answer(request) {
      // HTTP/1.0 may come without Host: then there is no URL to send the client to.
      if (needsHost && request.host === "") return "bad_request";
      const target = withoutDefaultPort(fill(pieces, request));
      if (leadsBack(target, request, relative)) return "loop";
      return { status, reason: "redirect", headers: [["Location", target]], body: "" };
    },
  };
}

function fill(pieces: readonly string[], request: ActionRequest): string {
  let filled = "";
  for (const piece of pieces) {
    switch (piece) {
      case "#{protocol}":
        filled += request.protocol;
        break;
      case "#{host}":
        filled += urlSafe(bareHost(request.host));
        break;
      case "#{port}":
        filled += request.listenerPort;
        break;
      case "#{path}": {
        const path = urlSafe(request.path.slice(1));
        // Two slashes at the front of a Location would begin a host of the client's choice.
        filled += filled === "/" && path.startsWith("/") ? `%2F${path.slice(1)}` : path;
        break;
      }
      case "#{query}":
        if (request.query.length > 1) filled += urlSafe(request.query.slice(1));
        else if (filled.endsWith("?")) filled = filled.slice(0, -1);
        break;
      default:
        filled += piece;
    }
  }
  return filled;
}

/** Encodes what RFC 3986 does not allow in a URL; what is encoded already stays. */
function urlSafe(text: string): string {
  return /[^\x21-\x7e]|["<>\\^`{|}]/.test(text)
    ? text.replace(/[^\x21-\x7e]|["<>\\^`{|}]/gu, (character) => encodeURIComponent(character))
    : text;
}

function withoutDefaultPort(url: string): string {
  return url.replace(/^(http:\/\/[^/?]*):80(?=[/?]|$)|^(https:\/\/[^/?]*):443(?=[/?]|$)/i, "$1$2");
}

/** Tells whether a Location is the URL of the request that it answers. */
function leadsBack(target: string, request: ActionRequest, relative: boolean): boolean {
  const path = urlSafe(request.path + request.query);
  if (relative) return target === path;
  const authority = withFirstSlash(withoutDefaultPort(`${request.protocol}://${request.host.toLowerCase()}`));
  return withFirstSlash(target) === authority + path.slice(1);
}

/** `http://host` and `http://host/` are one URL (RFC 9110 section 4.2.3). */
function withFirstSlash(url: string): string {
  return url.replace(/^(\w+:\/\/[^/?]*)(?=\?|$)/, "$1/");
}
