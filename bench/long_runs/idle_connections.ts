import { RawSocket } from "../../tests/support/raw_socket.ts";
import { readResponse } from "../../tests/support/raw_message.ts";
import { sluice } from "../contenders/sluice.ts";
import type { RunningContender } from "../contender.ts";
import { type LongRun, megabytes } from "../long_run.ts";
import { cpuUsed, readCpu } from "../cpu_time.ts";
import { residentBytes } from "../proc_stat.ts";
import { rotation } from "../scenario.ts";
import { pairedRatios, type Summary, summary } from "../statistics.ts";
import { startTarget } from "../target.ts";
import { expectedWarmUpSeconds, START_SECONDS, warmUp } from "../warm_up.ts";
import { runWrk } from "../wrk.ts";

const CONNECTIONS = 10_000;
const REQUEST = "GET /small HTTP/1.1\r\nHost: bench\r\n\r\n";

/** Ten thousand clients that asked once and then keep their connection, and the load beside them. */
export const idleConnections = idleOf("idle", "serve");

/** The same with sluice's own engine. */
export const engineIdle = idleOf("engine-idle", "wire");

function idleOf(name: string, engine: "serve" | "wire"): LongRun {
  const proxy = sluice({ env: { LISTENER_ENGINE: engine } });
  return {
    name,
    title: `engine ${engine}: ${CONNECTIONS} idle keep-alive connections, and 64 busy ones beside them`,
    async run({ say, pace }) {
      await using target = await startTarget(3);
      await using alone = await proxy.start({ targets: target.addresses });
      await using crowded = await proxy.start({ targets: target.addresses });
      const proxies = [alone, crowded];
      let errors = 0;
      let fewest = Infinity;
      for (const proxy of proxies) {
        const warm = await warmUp(pace.warmUpRequests, (seconds) => load(proxy, seconds));
        errors += warm.errors;
        fewest = Math.min(fewest, warm.requests);
      }
      const before = residentBytes(crowded.process.pid);
      const idle: RawSocket[] = [];
      try {
        while (idle.length < CONNECTIONS) {
          const batch = await Promise.all(Array.from({ length: 50 }, () => RawSocket.connect(crowded.url)));
          idle.push(...batch);
          for (const socket of batch) {
            await socket.send(REQUEST);
            await readResponse(socket);
          }
        }
        const perConnection = (residentBytes(crowded.process.pid) - before) / idle.length;
        say(`idle: ${idle.length} connections open, ${Math.round(perConnection)} bytes each`);
        const readings = [];
        for (let round = 0; round < pace.rounds; round++) {
          const loads = [];
          for (const i of rotation(proxies.length, round)) loads[i] = await load(proxies[i]!, pace.seconds);
          const [without, beside] = [loads[0]!, loads[1]!];
          errors += without.errors + beside.errors;
          readings.push({
            withoutRate: without.rate,
            withoutCpu: without.cpu,
            besideRate: beside.rate,
            besideCpu: beside.cpu,
          });
          const rates = `${Math.round(without.rate)}/s without, ${Math.round(beside.rate)}/s beside`;
          say(`idle ${round + 1}/${pace.rounds}: ${rates}`);
        }
        const stillOpen = idle.filter((socket) => socket.endedBy === null).length;
        const rate = summary(pairedRatios(readings.map((r) => r.besideRate), readings.map((r) => r.withoutRate)));
        const cpu = summary(pairedRatios(readings.map((r) => r.besideCpu), readings.map((r) => r.withoutCpu)));
        return {
          name: this.name,
          title: this.title,
          readings,
          errors,
          findings: [
            `Each idle connection costs ${(perConnection / 1024).toFixed(1)} KB of resident memory ` +
            `(${megabytes(perConnection * idle.length)} for ${idle.length}); ${stillOpen} were still open at the end.`,
            `Throughput beside them: ${ratio(rate)} of that of a second sluice without them.`,
            `CPU per request beside them: ${ratio(cpu)} of the other's. ${errors} errors.`,
            `Medians of ${pace.rounds} rounds of ${pace.seconds} s, after ${
              fewest.toLocaleString("en")
            } requests or more to warm up.`,
          ],
        };
      } finally {
        await Promise.all(idle.map((socket) => socket.close()));
      }
    },
    expectedSeconds: ({ pace }) =>
      15 + 2 * (expectedWarmUpSeconds(pace.warmUpRequests) + pace.rounds * (pace.seconds + START_SECONDS)),
  };
}

interface Load {
  readonly requests: number;
  readonly rate: number;
  readonly cpu: number;
  readonly errors: number;
}

async function load(proxy: RunningContender, seconds: number): Promise<Load> {
  const before = readCpu(proxy.process.pid);
  const result = await runWrk(proxy.url, { connections: 64, path: "/small" }, seconds);
  if (result.requests === 0) throw new Error(`sluice answered nothing in ${seconds} s`);
  const { requests, requestsPerSecond, errors } = result;
  const { micros } = cpuUsed(before, readCpu(proxy.process.pid));
  return { requests, rate: requestsPerSecond, cpu: micros / requests, errors };
}

function ratio({ median, lowerQuartile, upperQuartile, interval }: Summary): string {
  const sure = interval === null ? "" : `, 95 % ${interval.low.toFixed(2)} to ${interval.high.toFixed(2)}`;
  return `${median.toFixed(2)} (quartiles ${lowerQuartile.toFixed(2)} to ${upperQuartile.toFixed(2)}${sure})`;
}
