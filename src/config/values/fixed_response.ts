import type { FixedResponseAction } from "../rule_action.ts";
import { Refusal, type ValueKind } from "./value_kind.ts";

const FORM = "a status (200 to 599), a type without blanks and a body, or a status alone: 503 text/plain Back soon";

/** Statuses whose responses have no body (RFC 9110 sections 15.3.5 and 15.4.5). */
const WITHOUT_BODY = [204, 304];

/** `_FIXED_RESPONSE`: a status, a type and a body, or a status alone. */
export const FIXED_RESPONSE: ValueKind<FixedResponseAction> = {
  words: "status, type and body, or status",
  parse: (text) => {
    const match = /^(\d{3})(?:\s+(\S+)\s(.+))?$/s.exec(text);
    const status = Number(match?.[1] ?? 0);
    if (match === null || status < 200 || status > 599) return new Refusal(FORM);
    const [, , type, body] = match;
    if (type === undefined || body === undefined) {
      return { kind: "fixed_response", status, contentType: null, body: "" };
    }
    if (!/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(;[\x21-\x7e]+)*$/.test(type)) return new Refusal(FORM);
    if (WITHOUT_BODY.includes(status)) return new Refusal(`${status} alone: it is a response without a body`);
    return { kind: "fixed_response", status, contentType: withCharset(type), body };
  },
  format: ({ status, contentType, body }) => contentType === null ? String(status) : `${status} ${contentType} ${body}`,
};

function withCharset(type: string): string {
  return /^text\//i.test(type) && !/;charset=/i.test(type) ? `${type};charset=utf-8` : type;
}
