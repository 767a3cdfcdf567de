import { startMockTarget } from "../tools/mock_target.ts";

/** Mock targets in this process, as `--targets` would name them. */
export interface BuiltInMocks {
  readonly list: string;
  shutdown(): Promise<void>;
}

/** Starts three mock targets on free loopback ports. */
export async function startMockTargets(): Promise<BuiltInMocks> {
  const mocks = await Promise.all([0, 0, 0].map((port) => startMockTarget({ port, host: "127.0.0.1" })));
  return {
    list: mocks.map(({ port }) => `http://127.0.0.1:${port}`).join(","),
    async shutdown() {
      await Promise.all(mocks.map((mock) => mock.shutdown()));
    },
  };
}
