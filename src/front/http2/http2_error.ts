/** Ends a connection from our side: its client broke a rule, or costs too much (RFC 9113 section 5.4.1). */
export class Http2Error extends Error {
  constructor(
    /** One of {@linkcode ErrorCode}. */
    readonly code: number,
    /** Which rule, for the log: "the client" + this text. */
    readonly rule: string,
  ) {
    super(rule);
  }
}
