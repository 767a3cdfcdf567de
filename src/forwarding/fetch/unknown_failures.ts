import { classifyFetchError, type Failure } from "../gateway_error.ts";

/** Most kinds of unknown failures that are logged. */
const MOST_TOLD = 16;

/** Classifies what `fetch` throws, and reports unknown failures, of each kind once. */
export class UnknownFailures {
  readonly #tell: (text: string) => void;
  readonly #told = new Set<string>();

  constructor(tell: (text: string) => void) {
    this.#tell = tell;
  }

  classify(error: unknown): Failure {
    return classifyFetchError(error, (text) => this.#tellOnce(text));
  }

  #tellOnce(text: string): void {
    // What goes before it names the URL, which is another for each request.
    const kind = text.slice(Math.max(0, text.indexOf(": client error (")));
    if (this.#told.size >= MOST_TOLD || this.#told.has(kind)) return;
    this.#told.add(kind);
    this.#tell(text);
  }
}
