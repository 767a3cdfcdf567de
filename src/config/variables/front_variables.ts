import { define } from "./variable_definition.ts";

/** The variables of the listener's engine, and of what it allows its clients. */
export const FRONT_VARIABLES = [
  define("LISTENER_ENGINE", "`serve` or `wire`", {
    default: "serve",
    meaning:
      "Who speaks HTTP to clients: `serve` is the platform's `Deno.serve`, `wire` is sluice's own engine, HTTP/1.0 and " +
      "1.1 on accepted sockets ([engines.md](engines.md)).",
    example: "wire",
  }),
  define("LISTENER_HEAD_TIMEOUT", "duration, ms", {
    default: "10000",
    meaning:
      "From the first byte of a request, or from the accept of its connection, to the end of its head; then 408 " +
      "and the connection is closed, without a response if no byte came. 0 never. Needs `LISTENER_ENGINE=wire`.",
    example: "5s",
  }),
  define("LISTENER_IDLE_TIMEOUT", "duration, ms", {
    default: "60000",
    meaning: "Between two requests on a kept connection; then it is closed. 0 never. Needs `LISTENER_ENGINE=wire`.",
    example: "30s",
  }),
  define("LISTENER_WRITE_TIMEOUT", "duration, ms", {
    default: "60000",
    meaning: "A client that takes no byte of its response for this long is cut. 0 never. Needs `LISTENER_ENGINE=wire`.",
    example: "20s",
  }),
  define("LISTENER_MAX_CONNECTIONS", "number, or `auto`", {
    default: "auto",
    meaning:
      "Open client connections of the process. If it is full, sluice closes silent, then idle connections, then those " +
      "whose head is not whole, and if there are none it pauses accepting. `auto`: no limit until descriptors run out, then " +
      "90 % of what was open. Needs `LISTENER_ENGINE=wire`.",
    example: "4000",
  }),
  define("LISTENER_MAX_CONNECTIONS_PER_CLIENT", "number", {
    default: "0",
    meaning: "Open connections of one address; more are closed at once. 0 for no limit. Needs `LISTENER_ENGINE=wire`.",
    example: "100",
  }),
  define("LISTENER_MAX_HEAD_BYTES", "bytes", {
    default: "65536",
    meaning: "A larger request head gets 431; a request line above 32 KiB, or above this limit, gets 414. Needs " +
      "`LISTENER_ENGINE=wire`.",
    example: "16384",
  }),
  define("LISTENER_MAX_HEAD_LINES", "number", {
    default: "128",
    meaning: "A request with more header lines gets 431. Needs `LISTENER_ENGINE=wire`.",
    example: "100",
  }),
  define("LISTENER_PROXY_PROTOCOL", "boolean", {
    default: "false",
    meaning: "Each connection begins with a PROXY header, version 1 or 2, which names the client. It must come from " +
      "`TRUSTED_PROXIES`, which must be set; every other connection is closed. Needs `LISTENER_ENGINE=wire`.",
    example: "true",
  }),
] as const;
