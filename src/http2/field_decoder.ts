import type { Bytes } from "../http1/bytes.ts";
import { latin1 } from "../http1/field_lines.ts";
import { CompressionError } from "./compression_error.ts";
import { DynamicTable } from "./dynamic_table.ts";
import { decodeHuffman } from "./huffman_decoding.ts";
import { STATIC_TABLE } from "./static_table.ts";

const STATIC_NAMES = STATIC_TABLE.map(([name]) => name);
const STATIC_VALUES = STATIC_TABLE.map(([, value]) => value);
/** The last bit group that a number may have: numbers stay below 2^28 + 127. */
const LAST_SHIFT = 21;

/** A text before it is a string. All connections share it: decoding never waits. */
let scratch: Bytes = new Uint8Array(1024);

/**
 * Decodes the header blocks of one connection, in their order (HPACK, RFC 7541). All of them must pass, those of
 * refused requests too, because they change the table that the next ones refer to.
 *
 * A block of n bytes gives at most n fields, but an indexed field of one byte can stand for as much text as the table
 * holds. It is no new text: the same string is given again. So limit the sum of lengths, not the memory.
 */
export class FieldDecoder {
  readonly #table: DynamicTable;
  #at = 0;
  #end = 0;

  /**
   * @param tableBytes How large clients may make the table. 4096 unless SETTINGS_HEADER_TABLE_SIZE says otherwise; less
   * is for a client that has acknowledged it.
   */
  constructor(tableBytes: number) {
    this.#table = new DynamicTable(tableBytes);
  }

  /**
   * Decodes a whole header block, from HEADERS and the CONTINUATIONs behind it. Throws a CompressionError if it can't;
   * the connection must end then.
   *
   * @param take Is given each field, one character a byte, as it came: not checked for characters, case or order. It
   * must not throw: a caller that refuses the fields counts on until the block ends, so that the table stays right.
   */
  decode(block: Bytes, start: number, end: number, take: (name: string, value: string) => void): void {
    this.#at = start;
    this.#end = end;
    let first = true;
    while (this.#at < end) {
      const byte = block[this.#at]!;
      if (byte >= 0x80) {
        const index = this.#number(block, 0x7f);
        take(this.#name(index), this.#value(index));
      } else if (byte >= 0x20 && byte < 0x40) {
        // RFC 7541 section 4.2
        if (!first) throw new CompressionError("the table's size changes in the midst of fields");
        if (!this.#table.resize(this.#number(block, 0x1f))) throw new CompressionError("the table is made too large");
        continue;
      } else {
        const remember = byte >= 0x40;
        const index = this.#number(block, remember ? 0x3f : 0x0f);
        const name = index === 0 ? this.#text(block) : this.#name(index);
        const value = this.#text(block);
        if (remember) this.#table.add(name, value);
        take(name, value);
      }
      first = false;
    }
  }

  #name(index: number): string {
    return index <= STATIC_NAMES.length && index > 0
      ? STATIC_NAMES[index - 1]!
      : this.#table.name(this.#dynamic(index));
  }

  #value(index: number): string {
    return index <= STATIC_VALUES.length ? STATIC_VALUES[index - 1]! : this.#table.value(this.#dynamic(index));
  }

  #dynamic(index: number): number {
    const place = index - STATIC_NAMES.length - 1;
    if (place < 0 || place >= this.#table.count) throw new CompressionError(`no field has the index ${index}`);
    return place;
  }

  /** A number whose first bits are those of `mask` (RFC 7541 section 5.1). */
  #number(block: Bytes, mask: number): number {
    let number = block[this.#at++]! & mask;
    if (number < mask) return number;
    for (let shift = 0; shift <= LAST_SHIFT; shift += 7) {
      if (this.#at === this.#end) throw new CompressionError("the block ends inside a number");
      const byte = block[this.#at++]!;
      number += (byte & 127) << shift;
      if (byte < 128) return number;
    }
    throw new CompressionError("a number is too large");
  }

  /** A text, compressed or not (RFC 7541 section 5.2). */
  #text(block: Bytes): string {
    if (this.#at === this.#end) throw new CompressionError("the block ends before a text");
    const compressed = block[this.#at]! >= 0x80;
    const length = this.#number(block, 0x7f);
    const start = this.#at;
    const end = start + length;
    if (end > this.#end) throw new CompressionError("the block ends inside a text");
    this.#at = end;
    if (!compressed) return latin1(block, start, end);
    if (scratch.length < length * 2) scratch = new Uint8Array(length * 2);
    return latin1(scratch, 0, decodeHuffman(block, start, end, scratch));
  }
}
