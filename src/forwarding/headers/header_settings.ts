import type { TrustedProxies } from "./client_address.ts";

/** What the headers of a target's request depend on, beside the request: known when a snapshot is applied. */
export interface HeaderSettings {
  /** `1.1 sluice-<instance>`; null with VIA_ENABLE=false, which also ends the finding of loops. */
  readonly via: string | null;
  /** HEADER_CONVENTION_ENABLE. */
  readonly convention: boolean;
  /** The listener's port, for X-Forwarded-Port. */
  readonly listenerPort: string;
  readonly scheme: "http" | "https";
  readonly trusted: TrustedProxies;
  /**
   * Headers that the transport writes by itself where requests are spans of OpenTelemetry: a `traceparent` that names
   * the attempt's span, in the client's trace. The client's beside it would make two, which is none (W3C Trace Context
   * section 3.2).
   */
  readonly traceHeaders: ReadonlySet<string>;
}
