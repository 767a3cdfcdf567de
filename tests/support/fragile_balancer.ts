import { REGEX_SYNTAX } from "../../src/rules/regex.ts";
import { ALGORITHMS } from "../../src/balancing/registry.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import { CertificateStore } from "../../src/control_plane/certificates/certificate_store.ts";
import { TargetTlsTexts } from "../../src/control_plane/certificates/target_tls_texts.ts";
import { ListenerCertificates } from "../../src/control_plane/certificates/listener_certificates.ts";
import { ControlPlane } from "../../src/control_plane/control_plane.ts";
import { NO_RESERVE } from "../../src/control_plane/workers/descriptor_reserve.ts";
import { attachWorker } from "../../src/control_plane/workers/worker_handle.ts";
import { explain } from "../../src/data_plane/explain/explain.ts";
import { systemClock } from "../../src/time/clock.ts";
import { LogRecorder } from "./log_recorder.ts";

/** A whole balancer in the test's own process, whose threads crash or stall when they are told to. */
export class FragileBalancer implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly log: LogRecorder;
  /** Every thread that was ever started, in order. */
  readonly threads: Worker[];
  /** The access log so far. */
  accessLines = "";

  private constructor(workers: number, environment: Record<string, string | undefined>) {
    const { config, problems } = parseConfig({
      flags: {},
      environment: { LISTENER_HOST: "127.0.0.1", LISTENER_PORT: "0", ADMIN_PORT: "0", ...environment },
      envFile: null,
      configFile: null,
    }, { algorithms: ALGORITHMS, readServersFile: null, regex: REGEX_SYNTAX, adviceOnRules: () => [] });
    if (config === null) throw new TypeError(problems.map(({ message }) => message).join("\n"));
    const log = this.log = new LogRecorder();
    const threads: Worker[] = this.threads = [];
    const decoder = new TextDecoder();
    this.plane = new ControlPlane({
      config,
      settings: [],
      version: "test",
      workers,
      reserve: NO_RESERVE,
      spawn(events) {
        const thread = new Worker(new URL("./fragile_worker.ts", import.meta.url).href, { type: "module" });
        threads.push(thread);
        return attachWorker(thread, events);
      },
      log,
      accessLog: { writeBytes: (bytes) => void (this.accessLines += decoder.decode(bytes)) },
      json: true,
      targetTls: TargetTlsTexts.NONE,
      certificates: new ListenerCertificates(
        new CertificateStore({ clock: systemClock, log, read: Deno.readTextFile }),
        null,
      ),
      clock: systemClock,
      random: Math.random,
      explain: (request, context) => explain(request, { ...context, random: Math.random, nowMs: () => 0 }),
    });
  }

  static async start(workers: number, environment: Record<string, string | undefined>): Promise<FragileBalancer> {
    const balancer = new FragileBalancer(workers, environment);
    await balancer.plane.start();
    return balancer;
  }

  get url(): string {
    return this.plane.listenerUrl;
  }

  /** Makes a thread throw an error that nothing catches. */
  crash(thread: number): void {
    this.threads[thread]!.postMessage({ type: "test_crash" });
  }

  /** Makes a thread stand still. */
  stall(thread: number, ms: number): void {
    this.threads[thread]!.postMessage({ type: "test_stall", ms });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.plane.stop();
  }
}
