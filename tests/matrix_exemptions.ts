/**
 * Suites that the matrix runs with its first combination only, by name without `_test.ts`. No suite is left out
 * altogether: if some tests of a suite depend on the engine or the transport, the suite says so itself, by
 * `tests/support/engine.ts`.
 */
export const RUN_ONCE: readonly { readonly suites: readonly string[]; readonly reason: string }[] = [
  {
    suites: [
      "client_connections",
      "client_spans",
      "server_spans",
      "slow_clients",
      "smuggling",
      "telemetry",
      "wire_connection",
      "wire_engine",
      "wire_fuzz",
      "wire_limits",
      "wire_websocket",
    ],
    reason: "they choose engine and transport themselves",
  },
  {
    suites: [
      "dns",
      "load_test",
      "mock",
      "probe",
      "promtool",
      "websocket_backpressure",
      "websocket_close",
      "websocket_flood",
      "websocket_handshake",
      "websocket_messages",
      "websocket_tunnel",
      "wire_idle",
      "wire_pool",
      "wire_pool_mix",
    ],
    reason: "they run a part of sluice by itself: DNS, probes, connections to targets, the tunnel of serve",
  },
];
