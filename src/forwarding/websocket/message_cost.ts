/**
 * What a message costs beside its bytes while it waits to be written, in bytes: Deno's WebSocket keeps 980 for an empty
 * one (measured on 2.9.6), and `ws` about as much. A limit on payload alone is none to empty messages.
 */
export const MESSAGE_COST = 1024;
