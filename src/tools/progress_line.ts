import type { LoadProgress } from "./load_test.ts";

const CELLS = 30;

/** Draws where a test stands in one line: of all rounds, and of the one that runs. */
export function progressLine(progress: LoadProgress, total: number): string {
  const ofRound = Math.min(1, progress.finished / total);
  const ofAll = Math.min(1, (progress.roundsDone + ofRound) / progress.roundsPlanned);
  const filled = Math.round(ofAll * CELLS);
  const bar = "#".repeat(filled) + "-".repeat(CELLS - filled);
  return `[${bar}] ${Math.floor(ofAll * 100)} %  concurrency ${progress.concurrency}, round ${progress.round}: ` +
    `${progress.finished} of ${total}`;
}
