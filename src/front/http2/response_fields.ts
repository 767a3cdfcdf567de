import type { Bytes } from "../../http1/bytes.ts";
import { Kind, kindOf } from "../../http1/field_kind.ts";
import { latin1 } from "../../http1/field_lines.ts";
import { BEGIN_ROOM, type FieldEncoder, fieldRoom } from "../../http2/field_encoder.ts";
import type { ResponseHead } from "../reply.ts";

const COLON = 58;
const SPACE = 32;
const LF = 10;

/** The fields of a response, or of its trailers, until they are written as a header block. */
export class ResponseFields {
  /** Name, value, name, value ... */
  readonly #texts: string[] = [];
  #bytes = 0;

  /** Most bytes that the block takes. */
  get mostBytes(): number {
    return BEGIN_ROOM + this.#bytes;
  }

  /** Adds a field, its name in lower case. */
  readonly add = (name: string, value: string): void => {
    this.#texts.push(name, value);
    this.#bytes += fieldRoom(name, value);
  };

  /** Writes the block; returns the place behind it. There must be room for {@linkcode mostBytes}. */
  encode(encoder: FieldEncoder, to: Bytes, at: number): number {
    const texts = this.#texts;
    at = encoder.begin(to, at);
    for (let i = 0; i < texts.length; i += 2) at = encoder.encode(texts[i]!, texts[i + 1]!, to, at);
    return at;
  }
}

/** Reads a response's head. Fields that HTTP/2 does not have are left out (RFC 9113 section 8.2.2). */
export function headFields({ status, lines, own }: ResponseHead): ResponseFields {
  const fields = new ResponseFields();
  fields.add(":status", String(status));
  if (lines !== null) lines.forEach(fields.add);
  for (let i = 0; i < own.length; i++) {
    const name = own[i]![0].toLowerCase();
    const kind = kindOf(name);
    if (kind !== Kind.Connection && kind !== Kind.Upgrade && kind !== Kind.TransferEncoding) {
      fields.add(name, own[i]![1]);
    }
  }
  return fields;
}

/** Reads trailers: lines as HTTP/1.1 writes them. */
export function trailerFields(trailers: Bytes): ResponseFields {
  const fields = new ResponseFields();
  for (let at = 0; at < trailers.length;) {
    const end = trailers.indexOf(LF, at);
    const colon = trailers.indexOf(COLON, at);
    if (colon < 0 || end < colon) break;
    let start = colon + 1;
    let stop = end - 1;
    while (start < stop && trailers[start]! <= SPACE) start++;
    while (stop > start && trailers[stop - 1]! <= SPACE) stop--;
    fields.add(latin1(trailers, at, colon).toLowerCase(), latin1(trailers, start, stop));
    at = end + 1;
  }
  return fields;
}
