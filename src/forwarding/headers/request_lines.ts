import { Kind } from "../../http1/field_kind.ts";
import type { FieldLines } from "../../http1/field_lines.ts";
import { shortestLength } from "../../http1/framing.ts";
import { connectionOptions } from "../../http1/hop_by_hop.ts";
import { bindsConnection } from "./connection_auth.ts";
import { addConvention, isTwin, type PreparedFor } from "./convention.ts";
import type { HeaderSettings } from "./header_settings.ts";

/** What is said to a target beside the client's own lines. */
export interface OwnLines {
  readonly own: [string, string][];
  /** Credentials came that authenticate a connection: it must not be shared. */
  readonly ownConnection: boolean;
  /** The request has been here before: sluice's own `Via` is among the lines. */
  readonly loop: boolean;
  /** The client's address. */
  readonly client: string;
  /** The id of the request; null if it brought none that is sane, and none was made. */
  readonly requestId: string | null;
}

/** What is done with a line, by its kind; all others are passed on. */
const PASS = 0;
const DROP = 1;
/** Sets, or takes the place of, a header of the X-Forwarded family. */
const CONVENTION = 2;
/** Of the family; sluice never sets it. */
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
  [Kind.Trace]: LOOK,
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
 * Decides which of a client's header lines a target gets, by dropping the others, and which ones sluice adds:
 * hop-by-hop lines and what `Connection` lists are dropped, `Via` is added, the X-Forwarded family is believed,
 * appended to or removed as TRUSTED_PROXIES says.
 *
 * Who can forge what: without TRUSTED_PROXIES a client can put any X-Forwarded-* in front of ours (the convention
 * appends); with it only the listed proxies can.
 */
export function prepareLines(
  { lines, awaitsContinue, upgrade }: {
    readonly lines: FieldLines;
    readonly awaitsContinue: boolean;
    readonly upgrade: string | null;
  },
  known: PreparedFor,
  settings: HeaderSettings,
): OwnLines {
  const { convention, trusted } = settings;
  const believed = !trusted.configured || trusted.trusts(known.peer);
  let own = NO_LINES;
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
          if (value.toLowerCase() === "trailers") own = added(own, ["TE", "trailers"]);
        } else if (kind === Kind.ContentLength) {
          const shortest = shortestLength(value);
          if (shortest === value) break;
          lines.drop(line);
          own = added(own, ["Content-Length", shortest]);
        } else if (kind === Kind.RequestId) {
          if (isSaneRequestId(value)) requestId = value;
          if (convention) lines.drop(line);
        } else if (kind === Kind.Authorization) {
          ownConnection ||= bindsConnection(value);
        } else if (kind === Kind.Expect) {
          if (!awaitsContinue) lines.drop(line);
        } else if (upgrade === null && settings.traceHeaders.has(lines.name(line))) {
          lines.drop(line);
        }
      }
    }
  }
  if (lines.has(Kind.Connection)) dropListed(lines);
  const forwardedFor = believed && lines.has(Kind.ForwardedFor) ? lines.get("x-forwarded-for") : null;
  const client = trusted.configured ? trusted.clientAddress(known.peer, forwardedFor) : known.peer;
  if (requestId === null && convention) requestId = crypto.randomUUID();
  const via = lines.has(Kind.Via) ? lines.get("via") : null;
  const loop = settings.via !== null && via !== null && via.includes(settings.via);
  if (settings.via !== null) own = added(own, ["Via", via === null ? settings.via : `${via}, ${settings.via}`]);
  else if (via !== null) own = added(own, ["Via", via]);
  if (convention) {
    const { peer, host } = known;
    if (own === NO_LINES) own = [];
    addConvention(own, lines, { peer, host, client, requestId: requestId!, settings, forwardedFor });
  } else if (forwardedFor !== null) own = added(own, ["X-Forwarded-For", forwardedFor]);
  return { own, ownConnection, loop, client, requestId };
}

const NO_LINES: [string, string][] = [];

/** Adds a line. Nearly always it is the only one: an array that is made with it is a sixth of one that grows. */
function added(lines: [string, string][], line: [string, string]): [string, string][] {
  if (lines === NO_LINES) return [line];
  lines.push(line);
  return lines;
}

/** Drops what Connection lists. */
export function dropListed(lines: FieldLines): void {
  const listed = connectionOptions(lines.ofKind(Kind.Connection));
  if (listed === null) return;
  for (let line = 0; line < lines.count; line++) {
    if (listed.has(lines.name(line))) lines.drop(line);
  }
}

/** Tells whether a client's X-Request-Id is fit to be passed on and logged: 1 to 128 letters, digits and `-_.:/+=@`. */
export function isSaneRequestId(id: string): boolean {
  if (id.length === 0 || id.length > 128) return false;
  for (let i = 0; i < id.length; i++) {
    const c = id.charCodeAt(i);
    const fine = (c >= 48 && c <= 58) || (c >= 64 && c <= 90) || (c >= 97 && c <= 122) || c === 45 || c === 46 ||
      c === 95 ||
      c === 47 || c === 43 || c === 61;
    if (!fine) return false;
  }
  return true;
}
