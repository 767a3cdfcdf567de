import type { Bytes } from "../../http1/bytes.ts";
import { kindOf, NOT_IN_TRAILERS } from "../../http1/field_kind.ts";
import { isFieldValue } from "../../http1/tokens.ts";
import { isFieldName } from "./field_name.ts";

/** Most bytes of a request's trailers, as HTTP/1.1 writes them. */
const MOST_BYTES = 65_536;

/** The trailers of a request, as they come out of their block: lines as HTTP/1.1 writes them. */
export class TrailerFields {
  /** Which rule is broken; null if none is. */
  malformed: string | null = null;
  #text = "";

  take(name: string, value: string): void {
    if (this.malformed !== null) return;
    if (!isFieldName(name) || !isFieldValue(value)) this.malformed = "sent a malformed trailer";
    else if (NOT_IN_TRAILERS.has(kindOf(name))) this.malformed = `sent ${name} as a trailer`;
    else if (this.#text.length + name.length + value.length > MOST_BYTES) this.malformed = "sent too many trailers";
    else this.#text += `${name}: ${value}\r\n`;
  }

  /** The lines, each with its end; null if there are none. */
  get bytes(): Bytes | null {
    const text = this.#text;
    if (text === "") return null;
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  }
}
