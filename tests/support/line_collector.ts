/** Collects the lines of a child's output as they come. */
export class LineCollector {
  /** Whole lines so far, without their line end. */
  readonly lines: string[] = [];
  /** Resolves when the output ended. */
  readonly ended: Promise<void>;
  #rest = "";

  constructor(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void = () => {}) {
    this.ended = this.#read(stream, onLine);
  }

  /** Everything so far, the unfinished last line included. */
  get text(): string {
    return this.lines.map((line) => line + "\n").join("") + this.#rest;
  }

  async #read(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      const parts = (this.#rest + decoder.decode(chunk, { stream: true })).split("\n");
      this.#rest = parts.pop() ?? "";
      for (const line of parts) {
        this.lines.push(line);
        onLine(line);
      }
    }
    this.#rest += decoder.decode();
  }
}
