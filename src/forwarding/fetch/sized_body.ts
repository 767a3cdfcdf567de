type Bytes = Uint8Array<ArrayBuffer>;

/**
 * A stream with a length, as `fetch` takes it: it frames a bare stream as chunked, whatever Content-Length the headers
 * say, but asks a Blob for its size and its stream (Fetch Standard, "extract a body") and sends those with a
 * Content-Length. The platform then holds the stream to it: a body that ends early breaks the request, it never looks
 * whole.
 */
export class SizedBody extends Blob {
  readonly #stream: ReadableStream<Bytes>;
  readonly #length: number;

  constructor(stream: ReadableStream<Bytes>, length: number) {
    super();
    this.#stream = stream;
    this.#length = length;
  }

  override get size(): number {
    return this.#length;
  }

  override stream(): ReadableStream<Bytes> {
    return this.#stream;
  }
}
