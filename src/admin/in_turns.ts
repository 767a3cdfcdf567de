import { nextTurn } from "../time/clock.ts";

/**
 * Long texts are made in pieces, with some turns of the event loop before each: the thread may be serving requests. An
 * empty piece is only a turn.
 */
export type Pieces = Iterator<string> | AsyncIterator<string>;

/** Makes a body of pieces. A reader that leaves ends the work. */
export function streamInTurns(pieces: Pieces): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let cancelled = false;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      for (;;) {
        await turn();
        if (cancelled) return;
        const { value, done } = await pieces.next();
        if (done) return controller.close();
        if (value !== "") return controller.enqueue(encoder.encode(value));
      }
    },
    cancel: () => {
      cancelled = true;
    },
  }, { highWaterMark: 0 });
}

/** Takes steps, one after the other, with turns of the event loop before each; returns what they lead to. */
export async function inTurns<T>(steps: Iterator<unknown, T, void>): Promise<T> {
  for (;;) {
    await turn();
    const { value, done } = steps.next();
    if (done) return value;
  }
}

/** Makes one text of pieces. */
export async function textInTurns(pieces: Pieces): Promise<string> {
  const all: string[] = [];
  for (;;) {
    await turn();
    const { value, done } = await pieces.next();
    if (done) return all.join("");
    all.push(value);
  }
}

/**
 * Turns between two pieces. A request takes about ten from its first byte to its last, and should not wait for ten
 * pieces. If there is no traffic, a turn takes no time.
 */
const TURNS = 5;

async function turn(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await new Promise<void>(nextTurn);
}
