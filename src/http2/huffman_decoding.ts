import type { Bytes } from "../http1/bytes.ts";
import { CompressionError } from "./compression_error.ts";
import { BITS, CODES, END_OF_TEXT } from "./huffman_code.ts";

/**
 * Decoding goes by half bytes. A state is an inner node of the code's tree: what was read of a symbol. `STEPS` has, for
 * each of the 256 states and 16 half bytes, the next state, and the symbol that ended on the way: the shortest has 5
 * bits, so it is one at most. 16 KB, built at the start.
 */
const STEPS = new Uint32Array(256 * 16);
/** States that a text may end in: up to 7 bits of padding, all ones (RFC 7541 section 5.2). */
const MAY_END = new Uint8Array(256);

const NEXT_STATE = 0xff;
const SYMBOL_AT = 8;
const HAS_SYMBOL = 1 << 16;
const FAILS = 1 << 17;

build();

/**
 * Decodes a text that was compressed by the Huffman code of HPACK into `into`, which must have room for twice as many
 * bytes. Returns their number. Throws a CompressionError if the padding is wrong, or the end of text is in the text.
 */
export function decodeHuffman(bytes: Bytes, from: number, to: number, into: Bytes): number {
  let state = 0;
  let count = 0;
  let all = 0;
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!;
    const high = STEPS[state << 4 | byte >>> 4]!;
    if ((high & HAS_SYMBOL) !== 0) into[count++] = high >>> SYMBOL_AT;
    const low = STEPS[(high & NEXT_STATE) << 4 | byte & 15]!;
    if ((low & HAS_SYMBOL) !== 0) into[count++] = low >>> SYMBOL_AT;
    all |= high | low;
    state = low & NEXT_STATE;
  }
  if ((all & FAILS) !== 0) throw new CompressionError("the end of text is inside a text");
  if (MAY_END[state] === 0) throw new CompressionError("a text has wrong padding");
  return count;
}

function build(): void {
  const nodes = tree();
  for (let node = 0; node < nodes.length; node++) {
    for (let half = 0; half < 16; half++) STEPS[node << 4 | half] = step(nodes, node, half);
  }
  for (let node = 0, depth = 0; depth < 8; depth++, node = nodes[node]![1]) MAY_END[node] = 1;
}

/** Both branches of each inner node: the number of another, or -1 minus a symbol. */
function tree(): [number, number][] {
  const nodes: [number, number][] = [[0, 0]];
  for (let symbol = 0; symbol <= END_OF_TEXT; symbol++) {
    let node = 0;
    for (let bit = BITS[symbol]! - 1; bit >= 0; bit--) {
      const way = CODES[symbol]! >>> bit & 1;
      const branches = nodes[node]!;
      if (bit === 0) branches[way] = -1 - symbol;
      else if (branches[way] === 0) node = branches[way] = nodes.push([0, 0]) - 1;
      else node = branches[way]!;
    }
  }
  return nodes;
}

function step(nodes: readonly (readonly [number, number])[], from: number, half: number): number {
  let node = from;
  let found = 0;
  for (let bit = 3; bit >= 0; bit--) {
    node = nodes[node]![half >>> bit & 1]!;
    if (node >= 0) continue;
    const symbol = -1 - node;
    if (symbol === END_OF_TEXT) return FAILS;
    found = HAS_SYMBOL | symbol << SYMBOL_AT;
    node = 0;
  }
  return found | node;
}
