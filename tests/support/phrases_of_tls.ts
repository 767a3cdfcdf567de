/**
 * Those of fetch's phrases that only a target with a trusted certificate can provoke, so that they need a process of
 * their own.
 */
export const PHRASES_OF_TLS: readonly string[] = [
  "peer closed connection without sending TLS close_notify",
  "received corrupt message of type",
];
