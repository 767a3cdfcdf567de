import ipaddr from "ipaddr.js";
import { isFieldValue, isToken } from "../http1/tokens.ts";
import { authorityOf, type ExplainRequest } from "../views/explanation.ts";
import { quote } from "../logging/shown_text.ts";

const PARAMETERS = ["method", "url", "header", "client-ip"];

/**
 * Reads `?method=&url=&header=Name: value&client-ip=` (header any number of times); returns what is wrong with it as
 * text.
 */
export function parseExplainQuery(query: URLSearchParams): ExplainRequest | string {
  const unknown = [...query.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined) return `Cannot use ${quote(unknown)}: the parameters are ${PARAMETERS.join(", ")}`;
  const method = query.get("method") ?? "GET";
  if (!isToken(method)) return `Cannot use ${quote(method)} as method: it must be a token like GET`;
  const url = absoluteUrl(query.get("url"));
  if (url === null || !/^(https?:\/\/|\/)/i.test(url)) {
    return `Cannot use ${
      quote(url ?? "")
    } as url: it must be a path such as /x or a URL such as http://localhost:8080/x`;
  }
  const authority = authorityOf(url) ?? "";
  if (/[^\x20-\x7e]/.test(authority)) {
    const ascii = URL.parse(`http://${authority}/`)?.host ?? null;
    const hint = ascii === null || ascii === "" ? "" : `; write ${quote(ascii)}`;
    return `Cannot use ${quote(url)} as url: a request has its host in ASCII${hint}`;
  }
  const headers: [string, string][] = [];
  for (const line of query.getAll("header")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon));
    if (!isToken(name)) return `Cannot use ${quote(line)} as header: it must read "Name: value"`;
    const value = line.slice(colon + 1).trim();
    if (!isFieldValue(value)) {
      return `Cannot use ${quote(name)} as header: its value has characters that no header can`;
    }
    headers.push([name, value]);
  }
  const asked = query.get("client-ip");
  if (asked === null) return { method, url, headers };
  const clientIp = ipaddr.isValid(asked) ? ipaddr.process(asked).toString() : null;
  if (clientIp === null) return `Cannot use ${quote(asked)} as client-ip: it must be an IPv4 or IPv6 address`;
  return { method, url, headers, clientIp };
}

/** Puts `http://` before a host that stands alone, as curl does: one with a dot, a port or brackets, or `localhost`. */
function absoluteUrl(text: string | null): string | null {
  if (
    text === null ||
    !/^([\w-]+\.[\w.-]*|[\w.-]+:\d{1,5}|localhost|\[[\da-f:.]+\](:\d{1,5})?)(:\d{1,5})?([/?]|$)/i.test(text)
  ) {
    return text;
  }
  return `http://${text}`;
}
