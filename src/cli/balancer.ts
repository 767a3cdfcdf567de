import type { Setting } from "../config/setting.ts";
import type { Config } from "../config/model.ts";
import { ControlPlane } from "../control_plane/control_plane.ts";
import type { TargetTlsTexts } from "../control_plane/certificates/target_tls_texts.ts";
import type { ListenerCertificates } from "../control_plane/certificates/listener_certificates.ts";
import { NO_RESERVE, OpenReserve } from "../control_plane/workers/descriptor_reserve.ts";
import { type Spawn, spawnThread } from "../control_plane/workers/worker_handle.ts";
import { DataPlane } from "../data_plane/data_plane.ts";
import { explain } from "../data_plane/explain/explain.ts";
import type { ByteSink, Logger } from "../logging/log.ts";
import type { WorkerMessage } from "../protocol/messages.ts";
import { systemClock } from "../time/clock.ts";
import { VERSION } from "./version.ts";
import { servesInMainThread, workerCount } from "./worker_count.ts";

/** What a balancer is made of, beside this process's clock and random numbers. */
export interface BalancerParts {
  readonly config: Config;
  readonly settings: readonly Setting[];
  readonly log: Logger;
  /** What LISTENER_TLS_PORT serves. */
  readonly certificates: ListenerCertificates;
  /** How sluice speaks TLS to `https://` targets. */
  readonly targetTls: TargetTlsTexts;
  /** Takes access lines. */
  readonly accessLog: ByteSink;
  /** Access lines as JSON. */
  readonly json: boolean;
}

/**
 * Makes a balancer from a configuration, not started yet: with worker threads, or in this thread if there is one worker
 * and no port for TLS.
 */
export function createBalancer(parts: BalancerParts): ControlPlane {
  const { listener } = parts.config;
  const workers = workerCount(listener);
  const here = servesInMainThread(listener);
  return new ControlPlane({
    ...parts,
    version: VERSION,
    workers,
    spawn: here ? spawnHere : spawnThread,
    reserve: here ? NO_RESERVE : new OpenReserve(() => Deno.openSync("/dev/null")),
    clock: systemClock,
    random: Math.random,
    explain: (request, context) =>
      explain(request, { ...context, random: Math.random, nowMs: () => systemClock.monotonicMs() }),
  });
}

/** Serves in this thread, through the same messages. */
const spawnHere: Spawn = (events) => {
  let plane: DataPlane | null = null;
  const answer = (message: WorkerMessage) => queueMicrotask(() => events.onMessage(message));
  answer({ type: "loaded" });
  return {
    post(message) {
      // Not at once: a message is never handled inside the call that sends it, here as between threads.
      queueMicrotask(() => {
        if (message.type === "start") {
          plane = new DataPlane(message, answer, { chance: Math.random });
        } else plane?.receive(message);
      });
    },
    terminate() {
      plane = null;
    },
  };
};
