/**
 * The engine that a suite runs with (`LISTENER_ENGINE`). Where the engines differ on purpose (docs/engines.md), a test
 * says so by it.
 */
export const WIRE_ENGINE = Deno.env.get("LISTENER_ENGINE") !== "serve";

/** `fetch` speaks to targets (`UPSTREAM_TRANSPORT`). */
export const BY_FETCH = Deno.env.get("UPSTREAM_TRANSPORT") === "fetch";

/** A body on GET goes through: sluice's own engine reads it, and its own sockets send it. */
export const PASSES_GET_BODIES = WIRE_ENGINE && !BY_FETCH;

/** `Expect: 100-continue` goes to the target, which answers it; else sluice does. */
export const PASSES_EXPECT = PASSES_GET_BODIES;
