import { WorkerPool } from "../../src/control_plane/workers/worker_pool.ts";
import type { WorkerEvents } from "../../src/control_plane/workers/worker_handle.ts";
import type { ControlMessage } from "../../src/protocol/messages.ts";
import { TargetTable } from "../../src/state/target_table.ts";
import { LogRecorder } from "./log_recorder.ts";
import { ManualClock } from "./manual_clock.ts";

/** SHUTDOWN_TIMEOUT. */
export const LEAVE_MS = 30_000;

/** A thread that does what a test says. */
interface FakeThread {
  readonly events: WorkerEvents;
  /** The column that it was started with. */
  worker: number;
  readonly posted: string[];
  terminated: boolean;
}

/** A pool with a clock that stands still and threads that are none. */
export class PoolStage {
  readonly clock = new ManualClock();
  readonly log = new LogRecorder();
  readonly table: TargetTable;
  readonly threads: FakeThread[] = [];
  readonly pool: WorkerPool;
  /** There are enough for another thread. */
  descriptorsLeft = true;
  /** Workers that accept nothing any more. */
  readonly lost: number[] = [];

  constructor(count: number, exchanges: boolean) {
    this.table = TargetTable.create(exchanges ? count + 1 : count);
    this.pool = new WorkerPool({
      count,
      exchanges,
      reserve: { plenty: () => this.descriptorsLeft, release: () => this.descriptorsLeft, restore() {} },
      table: this.table,
      clock: this.clock,
      log: this.log,
      spawn: (events) => {
        const thread: FakeThread = { events, worker: -1, posted: [], terminated: false };
        this.threads.push(thread);
        return {
          post: (message) => {
            if (message.type !== "hold" || message.ms > 0) thread.posted.push(message.type);
            if (message.type === "start") thread.worker = message.worker;
          },
          terminate: () => thread.terminated = true,
        };
      },
      startMessage: (worker) => ({ type: "start", worker }) as ControlMessage,
      onMessage: () => {},
      onLost: (worker) => void this.lost.push(worker),
      leaveMs: () => LEAVE_MS,
    });
  }

  /** All workers loaded and serving. */
  static async serving(count: number, exchanges = false): Promise<PoolStage> {
    const stage = new PoolStage(count, exchanges);
    const loaded = stage.pool.load();
    for (const { events } of stage.threads) events.onMessage({ type: "loaded" });
    await loaded;
    stage.pool.start();
    return stage;
  }

  /** Has a thread load its code and listen. */
  arrives(thread: number): void {
    const { events } = this.threads[thread]!;
    events.onMessage({ type: "loaded" });
    events.onMessage({ type: "listening", worker: this.threads[thread]!.worker });
  }

  /** Has a thread ask for its exchange. */
  asks(thread: number): void {
    const { events, worker } = this.threads[thread]!;
    events.onMessage({ type: "exchange_wanted", worker, handshakes: 600, stuck: 600 });
  }

  /** Lets time pass in which the given workers turn. */
  pass(ms: number, turning: readonly number[]): void {
    for (let passed = 0; passed < ms; passed += 250) {
      for (const worker of turning) this.table.column(worker).beat();
      this.clock.advance(250);
    }
  }
}
