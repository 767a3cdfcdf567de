import type { FieldDecoder } from "../../src/http2/field_decoder.ts";

/** Decodes a whole header block into a list of fields. */
export function decodedFields(decoder: FieldDecoder, block: Uint8Array<ArrayBuffer>): [string, string][] {
  const fields: [string, string][] = [];
  decoder.decode(block, 0, block.length, (name, value) => fields.push([name, value]));
  return fields;
}
