/**
 * What a waiting message costs in memory beside its own bytes, in bytes: Deno's WebSocket keeps 980 for an empty one
 * (measured on 2.9.6), and `ws` about as much. A limit on payload alone would not limit empty messages.
 */
export const MESSAGE_COST = 1024;
