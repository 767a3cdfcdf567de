import { quote } from "../logging/shown_text.ts";
import { type MockTarget, startMockTarget } from "../tools/mock_target.ts";
import { faultsFromEnvironment } from "../tools/mock_faults.ts";
import { listenForStop } from "./stop_signal.ts";
import { complain, print } from "./terminal.ts";
import { messageOf } from "../logging/message_of.ts";

/** Where the command listens unless told otherwise: reachable from containers and other machines. */
export const MOCK_HOST = "0.0.0.0";

/**
 * Runs mock targets on these ports (0 takes a free one) until SIGINT or SIGTERM and returns the exit code: 0, 1 for a
 * port that can't be had, 2 for variables that are wrong.
 */
export async function runMock(
  ports: readonly number[],
  env: Readonly<Record<string, string | undefined>>,
  host = MOCK_HOST,
): Promise<number> {
  const read = faultsFromEnvironment(env);
  if ("problems" in read) {
    for (const problem of read.problems) complain(problem);
    return 2;
  }
  using stop = listenForStop();
  const targets: MockTarget[] = [];
  try {
    for (const port of ports) {
      const target = await startOn(port, host, read.faults);
      if (target === null) return 1;
      targets.push(target);
      print(`Mock target ${target.name} listens on ${target.url}`);
    }
    await stop.received;
    return 0;
  } finally {
    await Promise.all(targets.map((target) => target.shutdown()));
  }
}

async function startOn(port: number, host: string, faults: object): Promise<MockTarget | null> {
  try {
    return await startMockTarget({ ...faults, port, host });
  } catch (error) {
    const code = (error as { code?: string }).code;
    const why = code === "EADDRINUSE" ? "the port is taken" : messageOf(error);
    complain(`Cannot listen on ${quote(`${host}:${port}`)}: ${why}`);
    return null;
  }
}
