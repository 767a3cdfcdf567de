/** What is asked, and by how many. */
export interface LoadShape {
  readonly connections: number;
  readonly path: string;
  /** With HTTP/2, how many requests each connection has under way at a time; default 1. */
  readonly streams?: number;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Size of the request's body. */
  readonly bodyBytes?: number;
  /** Requests a second over all connections, due at even distances; default: as fast as the answers come. */
  readonly ratePerSecond?: number;
  /** An answer that takes longer counts as an error; default: wrk's own 2 s. */
  readonly timeoutSeconds?: number;
}

/** What came back. */
export interface LoadResult {
  /** Requests that were answered, or whatever else the generator counts. */
  readonly requests: number;
  /** Answers that were no 2xx or 3xx, and connections that broke. More than none makes the measurement worthless. */
  readonly errors: number;
  /** The generator's own words about them. */
  readonly errorText: string;
  readonly requestsPerSecond: number;
  /** NaN if the generator measures no latency. */
  readonly p50Micros: number;
  readonly p99Micros: number;
}

/** A program that loads a proxy. */
export interface LoadGenerator {
  /** What it counts, in the singular. */
  readonly unit: "request" | "handshake";
  /** Loads a URL for some seconds, on the load's core. */
  run(url: string, shape: LoadShape, seconds: number): Promise<LoadResult>;
}
