import type { Config } from "../config/model.ts";
import type { Setting } from "../config/setting.ts";
import type { ByteSink, Logger } from "../logging/log.ts";
import type { Clock } from "../time/clock.ts";
import type { ExplainBasis, ExplainRequest, Explanation } from "../views/explanation.ts";
import type { ListenerCertificates } from "./certificates/listener_certificates.ts";
import type { TargetTlsTexts } from "./certificates/target_tls_texts.ts";
import type { DescriptorReserve } from "./workers/descriptor_reserve.ts";
import type { Spawn } from "./workers/worker_handle.ts";

/** What a control plane needs. */
export interface ControlPlaneOptions {
  readonly config: Config;
  /** Every effective value with its origin, for the admin listener. */
  readonly settings: readonly Setting[];
  readonly version: string;
  /** Number of threads that serve; `auto` is already resolved. */
  readonly workers: number;
  readonly spawn: Spawn;
  /** What a new thread needs. */
  readonly reserve: DescriptorReserve;
  readonly log: Logger;
  /** Takes the workers' access lines. */
  readonly accessLog: ByteSink;
  /** Access lines as JSON. */
  readonly json: boolean;
  readonly clock: Clock;
  readonly random: () => number;
  /** What LISTENER_TLS_PORT serves: read, but not watched yet. */
  readonly certificates: ListenerCertificates;
  /** How sluice speaks TLS to `https://` targets. */
  readonly targetTls: TargetTlsTexts;
  /** Explains a request with the code that serves requests. */
  explain(request: ExplainRequest, context: ExplainBasis): Explanation;
}
