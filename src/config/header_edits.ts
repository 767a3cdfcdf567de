/** Changes of the headers of requests and responses, for the listener or for a rule. */
export interface HeaderEditsConfig {
  /** `REQUEST_HEADERS_SET`: lines that take the place of all lines of their names, on the way to targets. */
  readonly requestSet: readonly HeaderLine[];
  /** `REQUEST_HEADERS_REMOVE`: names in lower case. */
  readonly requestRemove: readonly string[];
  /** `RESPONSE_HEADERS_SET`: the same on the way to clients. */
  readonly responseSet: readonly HeaderLine[];
  /** `RESPONSE_HEADERS_REMOVE`: names in lower case. */
  readonly responseRemove: readonly string[];
}

/** One line to set. */
export interface HeaderLine {
  /** In the case in which it is sent. */
  readonly name: string;
  /** May have placeholders such as `#{client_ip}`. */
  readonly value: string;
}

/** Changes nothing. */
export const NO_HEADER_EDITS: HeaderEditsConfig = {
  requestSet: [],
  requestRemove: [],
  responseSet: [],
  responseRemove: [],
};
