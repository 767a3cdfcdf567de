import { RULE_ANSWERS } from "../../state/reason.ts";
import type { CancelTimer, Clock } from "../../time/clock.ts";
import type { AdminSource } from "../admin_source.ts";
import { inTurns } from "../in_turns.ts";
import type { RequestReading } from "../readings/request_reading.ts";
import { SystemReader } from "../readings/system_reading.ts";
import type { Failure } from "./live_model.ts";
import { LiveSampler } from "./live_sampler.ts";
import { eventText, systemText, type TickText, tickText } from "./live_text.ts";

const TICK_MS = 1000;
/** A reader that has this much unread is not sent more until it has caught up; then it gets everything anew. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;
/** Failures shown on the dashboard. */
const MAX_FAILURES = 50;
/** Reading decisions asks every worker, so it does not happen at each tick. */
const FAILURES_EVERY_TICKS = 2;

interface Reader {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  /** It missed something: send everything. */
  behind: boolean;
}

/** What is sent to a dashboard, as it was after the last tick. */
interface Texts {
  readonly system: string;
  readonly tick: TickText;
}

/** Sends what happens to any number of dashboards. Reads nothing while none is open. */
export class LiveFeed {
  readonly #source: AdminSource;
  readonly #clock: Clock;
  readonly #readers = new Set<Reader>();
  #cancelTick: CancelTimer | null = null;
  #ticks = 0;
  readonly #reader = new SystemReader();
  #sampler = new LiveSampler();
  #texts: Texts | null = null;
  /** The tick that is being made. */
  #making: Promise<void> | null = null;
  #failures = "";
  #failuresSeen = -1;
  #askingFailures = false;
  #closed = false;

  constructor(source: AdminSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  /**
   * Opens a stream of server-sent events that begins with everything; it ends when its reader leaves or the feed
   * closes.
   */
  subscribe(): ReadableStream<Uint8Array> {
    let reader: Reader;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        if (this.#closed) return controller.close();
        reader = { controller, behind: true };
        this.#readers.add(reader);
        if (this.#cancelTick === null) {
          this.#cancelTick = this.#clock.every(TICK_MS, () => void this.tick());
          void this.tick();
        } else {
          this.#giveAll(reader);
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

  /**
   * Reads everything over many turns of the event loop, and sends what is new. The clock calls it each second while
   * somebody reads. A call while a tick is being made waits for that one.
   */
  tick(): Promise<void> {
    return this.#making ??= this.#send().finally(() => this.#making = null);
  }

  async #send(): Promise<void> {
    const { requests, texts, before } = await inTurns(this.#make());
    if (this.#readers.size === 0) return;
    this.#texts = texts;
    const news = encode(texts.tick.news);
    for (const reader of [...this.#readers]) {
      if (reader.behind || texts.system !== before?.system) this.#giveAll(reader);
      else this.#give(reader, news);
    }
    if (this.#ticks++ % FAILURES_EVERY_TICKS === 0) this.#askFailures(requests);
  }

  *#make(): Generator<null, { requests: RequestReading; texts: Texts; before: Texts | null }, void> {
    const before = this.#texts;
    const view = this.#source.view();
    const atMs = this.#clock.monotonicMs();
    const reading = yield* this.#reader.read(view, this.#source.table);
    const tick = yield* tickText(yield* this.#sampler.sample(reading, atMs), before?.tick.rows ?? new Map());
    const system = yield* systemText(view);
    return { requests: reading.requests, texts: { system, tick }, before };
  }

  #giveAll(reader: Reader): void {
    if (this.#texts === null) return;
    reader.behind = false;
    this.#give(reader, encode(this.#texts.system + this.#texts.tick.whole() + this.#failures));
  }

  #give(reader: Reader, bytes: Uint8Array): void {
    if ((reader.controller.desiredSize ?? 0) <= 0) reader.behind = true;
    else reader.controller.enqueue(bytes);
  }

  #askFailures({ reasons, errors }: RequestReading): void {
    const seen = Object.values(reasons).reduce((sum, count) => sum + count, errors);
    if (seen === this.#failuresSeen || this.#askingFailures) return;
    this.#askingFailures = true;
    this.#source.decisions().then((decisions) => {
      this.#failuresSeen = seen;
      const failures: Failure[] = decisions
        .filter(({ status, reason }) => reason === null ? status >= 500 : !RULE_ANSWERS.has(reason))
        .slice(0, MAX_FAILURES)
        .map(({ timeMs, id, method, path, status, reason, rule, group, totalMs, attempts }) => (
          { timeMs, id, method, path, status, reason, rule, group, totalMs, attempts }
        ));
      const text = eventText("failures", failures);
      if (text === this.#failures) return;
      this.#failures = text;
      for (const reader of this.#readers) this.#give(reader, encode(text));
    }, () => {
      // A worker that ended meanwhile can't answer: the next round asks again.
    }).finally(() => this.#askingFailures = false);
  }

  #remove(reader: Reader): void {
    if (!this.#readers.delete(reader) || this.#readers.size > 0) return;
    this.#cancelTick?.();
    this.#cancelTick = null;
    this.#sampler = new LiveSampler();
    this.#texts = null;
    this.#failuresSeen = -1;
  }
}

const encoder = new TextEncoder();
function encode(text: string): Uint8Array {
  return encoder.encode(text);
}
