import { BadHead } from "../../http1/request_head.ts";
import type { Unreadable } from "../front.ts";
import type { AnsweredRequest } from "./reply_writer.ts";

/** Stands for a request whose head could not be read. */
export const UNREADABLE: AnsweredRequest = { method: "", minor: 1, takesTrailers: false, body: null };

/** Stands for LISTENER_HEAD_TIMEOUT among the rules of a head. */
const TIMEOUT = "the head did not arrive in time";

/** Stands for a client that left, likewise. */
const LEFT = "the client left before the end of the head";

const REASONS: Readonly<Record<BadHead["status"], Unreadable["reason"]>> = {
  400: "bad_request",
  414: "uri_too_long",
  431: "head_too_large",
  501: "bad_request",
  505: "version_refused",
};

/** A head of which the end did not come within LISTENER_HEAD_TIMEOUT. */
export function headTimeout(): BadHead {
  return new BadHead(400, TIMEOUT);
}

/** A head whose client closed the connection, or its side of it, before the end. */
export function headLeft(): BadHead {
  return new BadHead(400, LEFT);
}

/** Why a head is refused, in the words of the closed list. */
export function reasonOf({ rule, status }: BadHead): Unreadable["reason"] {
  if (rule === LEFT) return "client_closed";
  return rule === TIMEOUT ? "head_timeout" : REASONS[status];
}
