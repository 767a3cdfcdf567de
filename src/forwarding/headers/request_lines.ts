import { Kind } from "../../http1/field_kind.ts";
import type { FieldLines } from "../../http1/field_lines.ts";
import { connectionOptions } from "../../http1/hop_by_hop.ts";
import { bindsConnection } from "./connection_auth.ts";
import type { Exchange } from "../exchange.ts";
import { type HeaderSettings, isSaneRequestId, isTwin, portOfClient } from "./forwarded_headers.ts";
import { shortestLength } from "../../http1/framing.ts";

/** What is said to a target beside the client's own lines. */
export interface OwnLines {
  readonly own: [string, string][];
  /** Credentials came that authenticate a connection: it must not be shared. */
  readonly ownConnection: boolean;
  /** The request has been here before: sluice's own `Via` is among the lines. */
  readonly loop: boolean;
}

/** What is done with a line, by its kind; all others are passed on. */
const PASS = 0;
const DROP = 1;
/** Sets, or takes the place of, a header of the X-Forwarded family. */
const CONVENTION = 2;
/** Of the family, but nobody's to set. */
const FAMILY = 3;
const LOOK = 4;

const TREATMENT: Readonly<Record<number, number>> = {
  [Kind.Host]: DROP,
  [Kind.Connection]: DROP,
  [Kind.HopByHop]: DROP,
  [Kind.TransferEncoding]: DROP,
  [Kind.Upgrade]: DROP,
  [Kind.Via]: DROP,
  [Kind.ForwardedFor]: DROP,
  [Kind.Te]: LOOK,
  [Kind.ContentLength]: LOOK,
  [Kind.RequestId]: LOOK,
  [Kind.Expect]: LOOK,
  [Kind.Authorization]: LOOK,
  [Kind.ForwardedHost]: CONVENTION,
  [Kind.ForwardedPort]: CONVENTION,
  [Kind.ForwardedProto]: CONVENTION,
  [Kind.RealIp]: CONVENTION,
  [Kind.Forwarded]: FAMILY,
  [Kind.ForwardedOther]: FAMILY,
};
const TREATMENTS = new Uint8Array(32);
for (const [kind, treatment] of Object.entries(TREATMENT)) TREATMENTS[Number(kind)] = treatment;

/**
 * Decides which of a client's header lines a target gets, by dropping the others, and which ones sluice adds: hop-by-hop lines and
 * what `Connection` lists are dropped, `Via` is added, the X-Forwarded family is believed, appended to or removed as
 * TRUSTED_PROXIES says. Fills in the exchange's client address and request id on the way.
 *
 * Who can forge what: without TRUSTED_PROXIES a client can put any X-Forwarded-* in front of ours (the convention appends); with it
 * only the listed proxies can.
 */
export function prepareLines(exchange: Exchange, lines: FieldLines, settings: HeaderSettings): OwnLines {
  const { convention, trusted } = settings;
  const believed = !trusted.configured || trusted.trusts(exchange.peer);
  const own: [string, string][] = [];
  let requestId: string | null = null;
  let ownConnection = false;
  for (let line = 0; line < lines.count; line++) {
    const kind = lines.kind(line);
    switch (TREATMENTS[kind]) {
      case PASS:
        break;
      case DROP:
        lines.drop(line);
        break;
      case CONVENTION:
        // The convention sets these, unless a trusted proxy said them of the client's own request.
        if (!believed || (convention && !trusted.configured)) lines.drop(line);
        break;
      case FAMILY: {
        const name = lines.name(line);
        const twin = name.includes("_") && (convention || trusted.configured) && isTwin(name, settings);
        if (twin || (!believed && !name.includes("_"))) lines.drop(line);
        break;
      }
      case LOOK: {
        const value = lines.value(line);
        if (kind === Kind.Te) {
          lines.drop(line);
          if (value.toLowerCase() === "trailers") own.push(["TE", "trailers"]);
        } else if (kind === Kind.ContentLength) {
          const shortest = shortestLength(value);
          if (shortest === value) break;
          lines.drop(line);
          own.push(["Content-Length", shortest]);
        } else if (kind === Kind.RequestId) {
          if (isSaneRequestId(value)) requestId = value;
          if (convention) lines.drop(line);
        } else if (kind === Kind.Authorization) {
          ownConnection ||= bindsConnection(value);
        } else if (exchange.ignoresExpect) lines.drop(line);
      }
    }
  }
  if (lines.has(Kind.Connection)) dropListed(lines);
  const forwardedFor = believed && lines.has(Kind.ForwardedFor) ? lines.get("x-forwarded-for") : null;
  if (trusted.configured) exchange.client = trusted.clientAddress(exchange.peer, forwardedFor);
  if (requestId !== null) exchange.requestId = requestId;
  else if (convention) exchange.requestId = crypto.randomUUID();
  const via = lines.has(Kind.Via) ? lines.get("via") : null;
  const loop = settings.via !== null && via !== null && via.includes(settings.via);
  if (settings.via !== null) own.push(["Via", via === null ? settings.via : `${via}, ${settings.via}`]);
  else if (via !== null) own.push(["Via", via]);
  if (convention) addConvention(own, lines, { exchange, settings, forwardedFor });
  else if (forwardedFor !== null) own.push(["X-Forwarded-For", forwardedFor]);
  return { own, ownConnection, loop };
}

/** Drops what Connection lists. */
export function dropListed(lines: FieldLines): void {
  const listed = connectionOptions(lines.get("connection"));
  if (listed === null) return;
  for (let line = 0; line < lines.count; line++) {
    if (listed.has(lines.name(line))) lines.drop(line);
  }
}

function addConvention(
  own: [string, string][],
  lines: FieldLines,
  { exchange, settings, forwardedFor }: {
    readonly exchange: Exchange;
    readonly settings: HeaderSettings;
    readonly forwardedFor: string | null;
  },
): void {
  own.push(["X-Forwarded-For", forwardedFor === null ? exchange.peer : `${forwardedFor}, ${exchange.peer}`]);
  const host = kept(lines, "x-forwarded-host");
  if (host === null) own.push(["X-Forwarded-Host", exchange.host]);
  const proto = kept(lines, "x-forwarded-proto");
  if (kept(lines, "x-forwarded-port") === null) {
    const port = proto === null ? settings.listenerPort : portOfClient(proto, host ?? exchange.host);
    own.push(["X-Forwarded-Port", port]);
  }
  if (proto === null) own.push(["X-Forwarded-Proto", settings.scheme]);
  if (kept(lines, "x-real-ip") === null) own.push(["X-Real-IP", exchange.client]);
  own.push(["X-Request-Id", exchange.requestId]);
}

/** The first value of a name among the lines that are passed on; null if there is none. */
function kept(lines: FieldLines, name: string): string | null {
  for (let line = 0; line < lines.count; line++) {
    if (!lines.isDropped(line) && lines.name(line) === name) return lines.value(line);
  }
  return null;
}
