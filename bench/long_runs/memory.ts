import { sluice } from "../contenders/sluice.ts";
import { type LongRun, megabytes } from "../long_run.ts";
import { residentBytes } from "../proc_stat.ts";
import { startTarget } from "../target.ts";
import { USUAL_PER_SECOND } from "../warm_up.ts";
import { runWrk } from "../wrk.ts";

const REQUESTS = 2_000_000;
const QUICK_REQUESTS = 300_000;
const FIRST_READING = 100_000;
const BURST_SECONDS = 3;

/** Resident memory over two million requests: flat, or a leak. */
export const memory = memoryOf("memory", "serve");

/** The same with sluice's own engine. */
export const engineMemory = memoryOf("engine-memory", "wire");

function memoryOf(name: string, engine: "serve" | "wire"): LongRun {
  return {
    name,
    title: `engine ${engine}: resident memory over two million small GETs (300,000 with --quick), 64 connections, ` +
      "one worker",
    async run({ say, isQuick }) {
      await using target = await startTarget(3);
      await using proxy = await sluice({ env: { LISTENER_ENGINE: engine } }).start({ targets: target.addresses });
      const readings = [{ requests: 0, residentBytes: residentBytes(proxy.process.pid) }];
      let requests = 0;
      let errors = 0;
      while (requests < (isQuick ? QUICK_REQUESTS : REQUESTS)) {
        const result = await runWrk(proxy.url, { connections: 64, path: "/small" }, BURST_SECONDS);
        if (result.requests === 0) throw new Error(`sluice answered nothing in ${BURST_SECONDS} s`);
        requests += result.requests;
        errors += result.errors;
        readings.push({ requests, residentBytes: residentBytes(proxy.process.pid) });
        say(`${name} ${requests} requests: ${megabytes(readings.at(-1)!.residentBytes)} ${result.errorText}`);
      }
      const first = readings.find((reading) => reading.requests >= FIRST_READING)!;
      const last = readings.at(-1)!;
      const highest = Math.max(...readings.map((reading) => reading.residentBytes));
      return {
        name: this.name,
        title: this.title,
        readings,
        errors,
        findings: [
          `Idle after the start: ${megabytes(readings[0]!.residentBytes)}.`,
          `After ${first.requests} requests: ${megabytes(first.residentBytes)}.`,
          `After ${last.requests} requests: ${megabytes(last.residentBytes)}, ` +
          `${(last.residentBytes / first.residentBytes).toFixed(3)} of that.`,
          `Highest reading: ${megabytes(highest)}. ${errors} errors.`,
        ],
      };
    },
    expectedSeconds: ({ isQuick }) => (isQuick ? QUICK_REQUESTS : REQUESTS) / USUAL_PER_SECOND,
  };
}
