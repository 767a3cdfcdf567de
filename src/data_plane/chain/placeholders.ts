import type { Placeholder } from "../../config/values/header_lines.ts";
import type { TrustedProxies } from "../../forwarding/headers/client_address.ts";
import { bareHost } from "../../rules/bare_host.ts";
import { hostPort, type TargetSnapshot } from "../../state/group_snapshot.ts";

/** A request as placeholders see it. None of its parts holds a control character, so that no line can be forged. */
export interface FilledFrom {
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly peer: string;
  /** Of the connection. */
  readonly protocol: "http" | "https";
  readonly requestId: string;
  header(name: string): string | null;
}

/** What else placeholders are filled from. */
export interface FillSettings {
  readonly trusted: TrustedProxies;
  /** The port that the client came to. */
  listenerPort(request: FilledFrom): string;
  /** The scheme that the client used. */
  scheme(request: FilledFrom): "http" | "https";
}

/** A value with placeholders, in pieces. */
export type Template = readonly (string | { readonly of: Placeholder })[];

/** Splits a value at its placeholders, all of which are known. */
export function compileTemplate(value: string): Template {
  return value.split(/(#\{\w+\})/).filter((piece) => piece !== "").map((piece) =>
    piece.startsWith("#{") ? { of: piece.slice(2, -1) as Placeholder } : piece
  );
}

/** Tells whether a template needs to know the target. */
export function namesTarget(template: Template): boolean {
  return template.some((piece) => typeof piece !== "string" && piece.of === "target");
}

/** Fills a template for one request. @param target Null for a response of sluice's own. */
export function fillTemplate(
  template: Template,
  request: FilledFrom,
  { settings, target }: { readonly settings: FillSettings; readonly target: TargetSnapshot | null },
): string {
  let text = "";
  for (const piece of template) {
    if (typeof piece === "string") {
      text += piece;
      continue;
    }
    switch (piece.of) {
      case "protocol":
        text += settings.scheme(request);
        break;
      case "host":
        text += bareHost(request.host);
        break;
      case "port":
        text += settings.listenerPort(request);
        break;
      case "path":
        text += request.path.slice(1);
        break;
      case "query":
        text += request.query.slice(1);
        break;
      case "client_ip":
        text += clientAddress(request, settings.trusted);
        break;
      case "request_id":
        text += request.requestId;
        break;
      case "target":
        if (target !== null) text += hostPort(target.address, target.port);
    }
  }
  return text;
}

/**
 * The exchange knows it only once its headers were looked at, which a response of sluice's own may be too early for.
 */
function clientAddress(request: FilledFrom, trusted: TrustedProxies): string {
  const { peer } = request;
  return trusted.trusts(peer) ? trusted.clientAddress(peer, request.header("x-forwarded-for")) : peer;
}
