import { groupEnvironment } from "./mock_group.ts";
import { RawClient } from "./raw_client.ts";
import { RecorderTarget } from "./recorder_target.ts";
import { type SluiceProcess, startSluice } from "./sluice_process.ts";

/** A recorder behind a listener with sluice's own engine, and sockets of sluice's own to the target. */
export interface WireEngineStage extends AsyncDisposable {
  readonly target: RecorderTarget;
  readonly sluice: SluiceProcess;
  connect(): Promise<RawClient>;
}

/** Starts it; `env` goes to sluice beside the rule and the group. */
export async function wireEngineStage(env: Record<string, string> = {}): Promise<WireEngineStage> {
  const target = await RecorderTarget.start();
  const sluice = await startSluice({
    env: groupEnvironment(target.address, { LISTENER_ENGINE: "wire", UPSTREAM_TRANSPORT: "wire", ...env }),
  });
  return {
    target,
    sluice,
    connect: () => RawClient.connect(sluice.url),
    async [Symbol.asyncDispose]() {
      await sluice[Symbol.asyncDispose]();
      await target[Symbol.asyncDispose]();
    },
  };
}
