/** HPACK by somebody else (hpack.js): what it makes of a block, and blocks that it makes. */
import { Buffer } from "node:buffer";
import hpack from "hpack.js";

interface Codec {
  write(input: Uint8Array | readonly WitnessField[]): void;
  execute(): void;
  on(event: "error", failed: (error: Error) => void): void;
  read(): any;
}

/** A field for the witness to encode. */
export interface WitnessField {
  readonly name: string;
  readonly value: string;
  /** Compresses it; default true. */
  readonly huffman?: boolean;
  /** Remembers it; default true. */
  readonly incremental?: boolean;
  readonly neverIndex?: boolean;
}

/** Decodes blocks of one connection; texts are read as UTF-8. */
export class WitnessDecoder {
  readonly #codec: Codec = hpack.decompressor.create({ table: { maxSize: 4096 } });
  #error: Error | null = null;

  constructor() {
    this.#codec.on("error", (error) => this.#error = error);
  }

  /** Returns the fields of a block. Throws if it is wrong. */
  decode(block: Uint8Array): [string, string][] {
    const fields: [string, string][] = [];
    this.#codec.write(Buffer.from(block));
    this.#codec.execute();
    if (this.#error !== null) throw this.#error;
    for (let field = this.#codec.read(); field !== null; field = this.#codec.read()) {
      fields.push([field.name, field.value]);
    }
    return fields;
  }
}

/** Encodes blocks of one connection. */
export class WitnessEncoder {
  readonly #codec: Codec = hpack.compressor.create({ table: { maxSize: 4096 } });

  encode(fields: readonly WitnessField[]): Uint8Array<ArrayBuffer> {
    this.#codec.write(fields);
    const pieces: Uint8Array[] = [];
    for (let piece = this.#codec.read(); piece !== null; piece = this.#codec.read()) pieces.push(piece);
    return new Uint8Array(Buffer.concat(pieces));
  }
}
