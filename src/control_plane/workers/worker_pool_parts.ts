import type { Logger } from "../../logging/log.ts";
import type { ControlMessage, WorkerMessage } from "../../protocol/messages.ts";
import type { TargetTable } from "../../state/target_table.ts";
import type { Clock } from "../../time/clock.ts";
import type { DescriptorReserve } from "./descriptor_reserve.ts";
import type { Spawn } from "./worker_handle.ts";

/** What the pool needs. */
export interface WorkerPoolParts {
  readonly count: number;
  /** Whether workers may be exchanged: then there is one place more. */
  readonly exchanges: boolean;
  readonly spawn: Spawn;
  /** What a new thread needs. */
  readonly reserve: DescriptorReserve;
  readonly table: TargetTable;
  readonly clock: Clock;
  readonly log: Logger;
  /** The first message of a worker. */
  startMessage(worker: number): ControlMessage;
  onMessage(message: WorkerMessage): void;
  /** A worker crashed, hung, left or could not listen: it accepts nothing any more. */
  onLost(worker: number): void;
  /** SHUTDOWN_TIMEOUT, ms: how long a worker that leaves may take to finish what it has. */
  leaveMs(): number;
}
