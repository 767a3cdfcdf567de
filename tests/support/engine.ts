/**
 * The engine that a suite runs with (`LISTENER_ENGINE`). Where the engines differ on purpose (docs/engines.md), a test
 * says so by it.
 */
export const WIRE_ENGINE = Deno.env.get("LISTENER_ENGINE") === "wire";
