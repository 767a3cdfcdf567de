import { REASON_NAMES } from "../../state/reason.ts";
import type { CancelTimer, Clock } from "../../time/clock.ts";
import type { AdminSource } from "../admin_source.ts";
import type { Failure, LiveEvent, Tick } from "./live_model.ts";
import { LiveSampler, systemShape } from "./live_sampler.ts";

const TICK_MS = 1000;
/** A reader that has this much unread is not sent more until it has caught up; then it gets everything anew. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;
/** Failures shown on the dashboard. */
const MAX_FAILURES = 50;
/** Decisions are asked of every worker, so not each tick. */
const FAILURES_EVERY_TICKS = 2;

interface Reader {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  /** It missed something: send everything. */
  behind: boolean;
}

/** Sends what happens to any number of dashboards. Reads and counts nothing while there is none. */
export class LiveFeed {
  readonly #source: AdminSource;
  readonly #clock: Clock;
  readonly #readers = new Set<Reader>();
  #cancelTick: CancelTimer | null = null;
  #ticks = 0;
  #sampler = new LiveSampler();
  #tick: Tick | null = null;
  #shape = "";
  #rows = new Map<number, string>();
  #failures = "";
  #failuresSeen = -1;
  #askingFailures = false;
  #closed = false;

  constructor(source: AdminSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  /** Opens a stream of server-sent events that begins with everything; it ends when its reader leaves or the feed closes. */
  subscribe(): ReadableStream<Uint8Array> {
    let reader: Reader;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        if (this.#closed) return controller.close();
        reader = { controller, behind: true };
        this.#readers.add(reader);
        if (this.#cancelTick === null) {
          this.#cancelTick = this.#clock.every(TICK_MS, () => this.tick());
          this.tick();
        } else {
          this.#sendAll(reader);
        }
      },
      cancel: () => this.#remove(reader),
    }, new ByteLengthQueuingStrategy({ highWaterMark: MAX_UNREAD_BYTES }));
  }

  /** Ends every stream; a later `subscribe` ends at once. */
  close(): void {
    this.#closed = true;
    for (const reader of this.#readers) {
      this.#remove(reader);
      reader.controller.close();
    }
  }

  /** Reads everything and sends what is new. The clock calls it each second while somebody reads. */
  tick(): void {
    const view = this.#source.view();
    const tick = this.#sampler.sample(view, this.#source.table, this.#clock.monotonicMs());
    const shape = eventText({ event: "system", data: systemShape(view) });
    const shapeChanged = shape !== this.#shape;
    this.#shape = shape;
    this.#tick = tick;
    const rows = new Map(tick.targets.map((row) => [row[0], JSON.stringify(row)]));
    const changed = tick.targets.filter((row) => this.#rows.get(row[0]) !== rows.get(row[0]));
    this.#rows = rows;
    const news = encode(eventText({ event: "tick", data: { ...tick, targets: changed } }));
    for (const reader of [...this.#readers]) {
      if (shapeChanged || reader.behind) this.#sendAll(reader);
      else this.#send(reader, news);
    }
    if (this.#ticks++ % FAILURES_EVERY_TICKS === 0) this.#askFailures();
  }

  #sendAll(reader: Reader): void {
    if (this.#tick === null) return;
    reader.behind = false;
    this.#send(reader, encode(this.#shape + eventText({ event: "tick", data: this.#tick }) + this.#failures));
  }

  #send(reader: Reader, bytes: Uint8Array): void {
    if ((reader.controller.desiredSize ?? 0) <= 0) reader.behind = true;
    else reader.controller.enqueue(bytes);
  }

  #askFailures(): void {
    const { table } = this.#source;
    const seen = REASON_NAMES.reduce(
      (sum, reason) => sum + table.reasonCount(reason),
      table.workerCounter("status5xx"),
    );
    if (seen === this.#failuresSeen || this.#askingFailures) return;
    this.#askingFailures = true;
    this.#source.decisions().then((decisions) => {
      this.#failuresSeen = seen;
      const failures: Failure[] = decisions
        .filter(({ status, reason }) => reason !== null || status >= 500)
        .slice(0, MAX_FAILURES)
        .map(({ timeMs, id, method, path, status, reason, rule, group, totalMs, attempts }) => (
          { timeMs, id, method, path, status, reason, rule, group, totalMs, attempts }
        ));
      const text = eventText({ event: "failures", data: failures });
      if (text === this.#failures) return;
      this.#failures = text;
      for (const reader of this.#readers) this.#send(reader, encode(text));
    }, () => {
      // A worker that ended meanwhile can't answer: the next round asks again.
    }).finally(() => this.#askingFailures = false);
  }

  #remove(reader: Reader): void {
    if (!this.#readers.delete(reader) || this.#readers.size > 0) return;
    this.#cancelTick?.();
    this.#cancelTick = null;
    this.#sampler = new LiveSampler();
    this.#rows.clear();
    this.#failuresSeen = -1;
  }
}

/** Writes one server-sent event. JSON has no line breaks of its own, so one data line holds it. */
function eventText({ event, data }: LiveEvent): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

const encoder = new TextEncoder();
function encode(text: string): Uint8Array {
  return encoder.encode(text);
}
