/**
 * Whose fault a reason is: the client's, the target's, sluice's own (its configuration, resources or shutdown), or no
 * fault.
 */
export type Fault = "client" | "target" | "sluice" | "none";

/** What a reason means. */
interface ReasonRow {
  readonly status: number;
  readonly fault: Fault;
  /** For ERROR_BODY and `explain`. */
  readonly text: string;
}

/**
 * The closed list of reasons: why sluice itself responds. The access log, the metrics, the statistics, `explain` and
 * `X-Sluice-Reason` all use these words. Status, fault and text derive from the reason, never the other way round.
 */
export const REASONS = {
  bad_request: { status: 400, fault: "client", text: "The request is malformed" },
  method_refused: { status: 405, fault: "client", text: "The method is not allowed through this listener" },
  body_timeout: { status: 408, fault: "client", text: "The request body did not arrive in time" },
  body_too_large: { status: 413, fault: "client", text: "The request body is larger than the listener allows" },
  head_timeout: { status: 408, fault: "client", text: "The request's head did not arrive in time" },
  uri_too_long: { status: 414, fault: "client", text: "The request line is longer than the listener allows" },
  head_too_large: { status: 431, fault: "client", text: "The request's head is larger than the listener allows" },
  version_refused: { status: 505, fault: "client", text: "The listener does not speak this version of HTTP" },
  loop: { status: 508, fault: "sluice", text: "The request has been through this listener before" },
  redirect: { status: 302, fault: "none", text: "The rule redirects" },
  fixed_response: { status: 200, fault: "none", text: "The rule has a fixed response" },
  no_rule: { status: 404, fault: "client", text: "No listener rule matches" },
  upgrade_refused: { status: 501, fault: "client", text: "This protocol upgrade is not supported" },
  connect_refused: { status: 502, fault: "target", text: "The target refused the connection" },
  connect_failed: { status: 502, fault: "target", text: "The target could not be reached" },
  connect_timeout: { status: 504, fault: "target", text: "No connection to the target could be made in time" },
  tls_untrusted: { status: 502, fault: "target", text: "The target's certificate is not trusted" },
  tls_name: { status: 502, fault: "target", text: "The target's certificate is for another name" },
  tls_expired: { status: 502, fault: "target", text: "The target's certificate is not valid at this time" },
  tls_failed: { status: 502, fault: "target", text: "No TLS handshake with the target could be made" },
  dns_failed: { status: 502, fault: "target", text: "No name of the target group has ever resolved" },
  reset_before_headers: { status: 502, fault: "target", text: "The target closed the connection before it responded" },
  bad_response: { status: 502, fault: "target", text: "sluice can't pass on the target's response" },
  no_target: { status: 503, fault: "target", text: "No target of the group is eligible" },
  all_targets_refused: { status: 503, fault: "target", text: "Every target that was tried refused the connection" },
  overloaded: {
    status: 503,
    fault: "sluice",
    text: "sluice has no descriptor or memory left for a connection to a target",
  },
  shutting_down: { status: 503, fault: "sluice", text: "The listener is shutting down" },
  internal_error: { status: 500, fault: "sluice", text: "Something went wrong inside sluice; its log says what" },
  timeout: { status: 504, fault: "target", text: "The target did not respond in time" },
  client_closed: { status: 499, fault: "client", text: "The client disconnected before the response" },
} as const satisfies Record<string, ReasonRow>;

/** Why sluice itself responds. */
export type Reason = keyof typeof REASONS;

/** Reasons that are a rule's own answer and no failure; its status is the rule's, whatever the list says. */
export const RULE_ANSWERS: ReadonlySet<Reason> = new Set(["redirect", "fixed_response"]);

/** Every reason, in a fixed order: the index is a reason's place in shared memory. */
export const REASON_NAMES = Object.keys(REASONS) as readonly Reason[];

const INDEX = new Map(REASON_NAMES.map((name, index) => [name, index]));

/** The place of a reason in shared memory. */
export function reasonIndex(reason: Reason): number {
  return INDEX.get(reason)!;
}
