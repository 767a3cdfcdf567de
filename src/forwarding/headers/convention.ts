import type { FieldLines } from "../../http1/field_lines.ts";
import type { HeaderSettings } from "./header_settings.ts";

/** What is known of a request before its lines were looked at. */
export interface PreparedFor {
  readonly peer: string;
  /** The Host that the client asked. */
  readonly host: string;
}

/** Adds the X-Forwarded family (HEADER_CONVENTION_ENABLE). What a trusted proxy said, and was not dropped, stays. */
export function addConvention(
  own: [string, string][],
  lines: FieldLines,
  { peer, host: asked, client, requestId, settings, forwardedFor }: PreparedFor & {
    readonly client: string;
    readonly requestId: string;
    readonly settings: HeaderSettings;
    readonly forwardedFor: string | null;
  },
): void {
  own.push(["X-Forwarded-For", forwardedFor === null ? peer : `${forwardedFor}, ${peer}`]);
  const host = kept(lines, "x-forwarded-host");
  if (host === null) own.push(["X-Forwarded-Host", asked]);
  const proto = kept(lines, "x-forwarded-proto");
  if (kept(lines, "x-forwarded-port") === null) {
    const port = proto === null ? settings.listenerPort : portOfClient(proto, host ?? asked);
    own.push(["X-Forwarded-Port", port]);
  }
  if (proto === null) own.push(["X-Forwarded-Proto", settings.scheme]);
  if (kept(lines, "x-real-ip") === null) own.push(["X-Real-IP", client]);
  own.push(["X-Request-Id", requestId]);
}

/** The first value of a name among the lines that are passed on; null if there is none. */
function kept(lines: FieldLines, name: string): string | null {
  for (let line = 0; line < lines.count; line++) {
    if (!lines.isDropped(line) && lines.name(line) === name) return lines.value(line);
  }
  return null;
}

/**
 * The port that the client used, by the scheme that a trusted proxy tells of: the one in its Host, or else the scheme's
 * default. sluice's own port would make an application link to it.
 */
function portOfClient(proto: string, host: string): string {
  const colon = host.lastIndexOf(":");
  if (colon > host.lastIndexOf("]") && colon + 1 < host.length) return host.slice(colon + 1);
  return proto.toLowerCase().startsWith("https") ? "443" : "80";
}

/**
 * Tells whether a header differs only by underscores from one that tells of the client (`X_Forwarded_For`). CGI, and
 * what follows its example, gives both one name, so an application could take a client's own for the one that sluice or
 * a proxy vouches for. No proxy writes it so: with TRUSTED_PROXIES it is removed from every peer, since a trusted one
 * may just have passed it on.
 */
export function isTwin(name: string, { convention, trusted }: HeaderSettings): boolean {
  const hyphenated = name.replaceAll("_", "-");
  if (convention && SET_BY_CONVENTION.has(hyphenated)) return true;
  return trusted.configured && (hyphenated === "x-real-ip" || hyphenated.startsWith("x-forwarded-"));
}

const SET_BY_CONVENTION: ReadonlySet<string> = new Set([
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-real-ip",
  "x-request-id",
]);
