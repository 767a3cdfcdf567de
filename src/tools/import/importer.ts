import type { Collector } from "./output/collector.ts";

/** A file and its text. */
export interface SourceText {
  /** As the user named it; `-` is standard input. */
  readonly path: string;
  readonly text: string;
}

/** Reads the files that an `include` names, by path or pattern with `*`; empty if there are none. */
export type ReadIncluded = (pattern: string, from: string) => readonly SourceText[];

/** Reads one kind of configuration. Throws an `ImportError` if the text is broken. */
export type Importer = (sources: readonly SourceText[], readIncluded: ReadIncluded) => Collector;
