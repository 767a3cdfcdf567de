import type { Bytes } from "../http1/bytes.ts";
import { ENTRY_COST, FIRST_TABLE_BYTES } from "./dynamic_table.ts";
import { huffmanLength, putHuffman } from "./huffman_encoding.ts";
import { KNOWN_FIELDS } from "./known_fields.ts";
import { STATIC_TABLE } from "./static_table.ts";

/** How many bytes `begin` writes at most. */
export const BEGIN_ROOM = 4;
/** How many fields a connection remembers. Each is looked through for each field that may be there. */
const MOST_ENTRIES = 24;

/** Returns how many bytes a field takes at most. Both lengths take 5 bytes at most, and the first byte is the form. */
export function fieldRoom(name: string, value: string): number {
  return 11 + name.length + value.length;
}

/**
 * Encodes the header blocks of one connection, in the order in which they are sent (HPACK, RFC 7541). Names must be
 * lower case, and texts have one character a byte.
 *
 * The dynamic table takes the first fields that repeat by their nature (`known_fields.ts`), up to 24, as long as there
 * is room, and keeps them. So values that change each time can't push others out, and nothing is ever evicted.
 */
export class FieldEncoder {
  #names: string[] = [];
  #values: string[] = [];
  #used = 0;
  #limit = FIRST_TABLE_BYTES;
  #due = false;

  /**
   * Keeps the table below the client's SETTINGS_HEADER_TABLE_SIZE, of which it uses at most 4096 bytes. If that changes
   * its size, it begins empty again.
   */
  limitTable(bytes: number): void {
    const limit = Math.min(bytes, FIRST_TABLE_BYTES);
    if (limit === this.#limit) return;
    this.#limit = limit;
    this.#names = [];
    this.#values = [];
    this.#used = 0;
    this.#due = true;
  }

  /**
   * Begins a header block: writes the change of the table's size that is due, at most `BEGIN_ROOM` bytes. Returns the
   * place behind it.
   */
  begin(to: Bytes, at: number): number {
    if (!this.#due) return at;
    this.#due = false;
    // First the smallest size that the table had (RFC 7541 section 4.2): all is forgotten.
    to[at] = 0x20;
    return this.#limit === 0 ? at + 1 : putNumber(to, at + 1, 0x20, 0x1f, this.#limit);
  }

  /** Writes a field, at most `fieldRoom` bytes, for which there must be room. Returns the place behind it. */
  encode(name: string, value: string, to: Bytes, at: number): number {
    const known = KNOWN_FIELDS.get(name);
    if (known === undefined) {
      to[at] = 0;
      return putText(value, to, putText(name, to, at + 1));
    }
    if (known.secret) return putText(value, to, putNumber(to, at, 0x10, 0x0f, known.index));
    const exact = known.values.indexOf(value);
    if (exact >= 0) return putNumber(to, at, 0x80, 0x7f, known.index + exact);
    let remember = false;
    if (known.repeats) {
      const place = this.#find(name, value);
      if (place > 0) return putNumber(to, at, 0x80, 0x7f, place);
      remember = this.#remember(name, value);
    }
    const behind = remember ? putNumber(to, at, 0x40, 0x3f, known.index) : putNumber(to, at, 0x00, 0x0f, known.index);
    return putText(value, to, known.index === 0 ? putText(name, to, behind) : behind);
  }

  /** The index of a field that is remembered; 0: it isn't. The newest comes first behind the static table. */
  #find(name: string, value: string): number {
    const count = this.#names.length;
    for (let i = 0; i < count; i++) {
      if (this.#values[i] === value && this.#names[i] === name) return STATIC_TABLE.length + count - i;
    }
    return 0;
  }

  #remember(name: string, value: string): boolean {
    const cost = ENTRY_COST + name.length + value.length;
    if (this.#names.length === MOST_ENTRIES || this.#used + cost > this.#limit) return false;
    this.#names.push(name);
    this.#values.push(value);
    this.#used += cost;
    return true;
  }
}

/** Writes a number behind the bits of a form; `mask` has the bits that are the number's (RFC 7541 section 5.1). */
function putNumber(to: Bytes, at: number, form: number, mask: number, number: number): number {
  if (number < mask) {
    to[at] = form | number;
    return at + 1;
  }
  to[at] = form | mask;
  let place = at + 1;
  let rest = number - mask;
  for (; rest >= 128; rest >>>= 7) to[place++] = rest & 127 | 128;
  to[place++] = rest;
  return place;
}

/** Writes a text, compressed if that is shorter (RFC 7541 section 5.2). */
function putText(text: string, to: Bytes, at: number): number {
  const length = huffmanLength(text);
  if (length < text.length) return putHuffman(text, to, putNumber(to, at, 0x80, 0x7f, length));
  const start = putNumber(to, at, 0x00, 0x7f, text.length);
  for (let i = 0; i < text.length; i++) to[start + i] = text.charCodeAt(i);
  return start + text.length;
}
