import { RawSocket } from "../../tests/support/raw_socket.ts";
import { readResponse } from "../../tests/support/raw_message.ts";
import { sluice } from "../contenders/sluice.ts";
import { type LongRun, megabytes } from "../long_run.ts";
import { cpuMicros, residentBytes } from "../proc_stat.ts";
import { median } from "../statistics.ts";
import { startTarget } from "../target.ts";
import { runWrk } from "../wrk.ts";

const CONNECTIONS = 10_000;
const ROUNDS = 5;
const SECONDS = 3;
const REQUEST = "GET /small HTTP/1.1\r\nHost: bench\r\n\r\n";

/** Ten thousand clients that asked once and then keep their connection, and the load beside them. */
export const idleConnections: LongRun = {
  name: "idle",
  title: `${CONNECTIONS} idle keep-alive connections, and 64 busy ones beside them`,
  async run({ say }) {
    await using target = await startTarget(3);
    await using alone = await sluice().start({ targets: target.addresses });
    await using crowded = await sluice().start({ targets: target.addresses });
    for (const proxy of [alone, crowded]) await runWrk(proxy.url, { connections: 64, path: "/small" }, SECONDS);
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
      for (let round = 1; round <= ROUNDS; round++) {
        const [without, beside] = [await load(alone), await load(crowded)];
        readings.push({ ...prefixed("without", without), ...prefixed("beside", beside) });
        say(`idle ${round}/${ROUNDS}: ${Math.round(without.rate)}/s without, ${Math.round(beside.rate)}/s beside`);
      }
      const stillOpen = idle.filter((socket) => socket.endedBy === null).length;
      const rate = readings.map((r) => r.besideRate! / r.withoutRate!);
      const cpu = readings.map((r) => r.besideCpu! / r.withoutCpu!);
      return {
        name: this.name,
        title: this.title,
        readings,
        findings: [
          `Each idle connection costs ${(perConnection / 1024).toFixed(1)} KB of resident memory ` +
          `(${megabytes(perConnection * idle.length)} for ${idle.length}); ${stillOpen} were still open at the end.`,
          `Throughput beside them: ${median(rate).toFixed(2)} of that of a second sluice without them, ` +
          `round by round (${Math.min(...rate).toFixed(2)} to ${Math.max(...rate).toFixed(2)}).`,
          `CPU per request beside them: ${median(cpu).toFixed(2)} of the other's.`,
        ],
      };
    } finally {
      await Promise.all(idle.map((socket) => socket.close()));
    }
  },
};

async function load(proxy: { url: string; process: { pid: number } }): Promise<{ rate: number; cpu: number }> {
  const before = cpuMicros(proxy.process.pid);
  const result = await runWrk(proxy.url, { connections: 64, path: "/small" }, SECONDS);
  return { rate: result.requestsPerSecond, cpu: (cpuMicros(proxy.process.pid) - before) / result.requests };
}

function prefixed(prefix: string, values: { rate: number; cpu: number }): Record<string, number> {
  return { [`${prefix}Rate`]: values.rate, [`${prefix}Cpu`]: values.cpu };
}
