import type { BenchProcess } from "./process.ts";

/** What a contender forwards to. */
export interface ContenderPlace {
  /** `address:port` of each target. */
  readonly targets: readonly string[];
}

/** A running proxy. */
export interface RunningContender extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly process: BenchProcess;
}

/** A proxy that takes part. */
export interface Contender {
  readonly name: string;
  /** Programs that must be installed; where one is missing the contender stays away and the report says so. */
  readonly needs: readonly string[];
  start(place: ContenderPlace): Promise<RunningContender>;
}
