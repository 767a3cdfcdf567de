import type { Pace } from "./scenario.ts";

/** A measurement that is no comparison of costs per request: how memory behaves, what idle connections cost. */
export interface LongRun {
  readonly name: string;
  readonly title: string;
  run(options: LongRunOptions): Promise<LongRunResult>;
  /** About how long it takes. */
  expectedSeconds(plan: LongRunPlan): number;
}

/** How thorough it is. */
export interface LongRunPlan {
  readonly pace: Pace;
  readonly isQuick: boolean;
}

/** Where it says how far it is, besides. */
export interface LongRunOptions extends LongRunPlan {
  readonly say: (line: string) => void;
}

/** What it found. */
export interface LongRunResult {
  readonly name: string;
  readonly title: string;
  /** Sentences for a reader. */
  readonly findings: readonly string[];
  /** The readings behind them. */
  readonly readings: readonly Readonly<Record<string, number>>[];
  /** Requests that went wrong. */
  readonly errors: number;
}

/** A long run's findings as Markdown. */
export function findings(result: LongRunResult): string {
  return [`### ${result.name}: ${result.title}`, "", ...result.findings.map((text) => `- ${text}`), ""].join("\n");
}

/** Bytes as whole and tenth megabytes (of 1048576 bytes). */
export function megabytes(bytes: number): string {
  return `${(bytes / 1048576).toFixed(1)} MB`;
}
