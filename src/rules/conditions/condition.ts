/** What conditions ask of a request. */
export interface RuleRequest {
  /** As on the wire. */
  readonly method: string;
  /** Host, or the authority of an absolute target; with its port, if it has one. */
  readonly host: string;
  /** With its `?`; empty where there is none. */
  readonly query: string;
  /** The client's address after TRUSTED_PROXIES. */
  readonly clientAddress: string;
  /** How the client came: by its connection, or as a trusted proxy says. */
  readonly protocol: "http" | "https";
  /** The values of a header by its name in lower case, line by line; empty if there is none. */
  headerLines(name: string): readonly string[];
}

/** Tells whether a condition holds for a request and its canonical path. Must not wait. */
export type Test = (request: RuleRequest, path: string) => boolean;

/** A kind of condition. */
export interface ConditionType<C> {
  /** Makes the test, once a configuration. */
  compile(condition: C): Test;
  /** Gives what the condition looks at, as `explain` shows it; null if the request has nothing of it. */
  value(condition: C, request: RuleRequest, path: string): string | null;
}
