import { isIdempotent } from "../http1/methods.ts";
import { ConnectFailed, type Exchange, identityIn, type LoadRequest } from "./exchange.ts";
import { ResponseReader } from "./response_reader.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const READ_BYTES = 65_536;
const IDENTITY_BYTES = 120;

/** Where to connect: found once, so that no request of the test resolves a name. */
export interface SocketAddress {
  readonly hostname: string;
  readonly port: number;
}

/**
 * Speaks HTTP/1.1 on a plain socket as cheaply as it goes: the request is written once, and an answer is read no
 * further than its framing asks for. With `fetch` in its place the client, not the target, would be what is measured.
 */
export class SocketExchange implements Exchange {
  status = 0;
  servedBy: string | null = null;
  readonly #address: SocketAddress;
  readonly #request: Uint8Array;
  readonly #method: string;
  readonly #fresh: boolean;
  readonly #reader = new ResponseReader();
  readonly #buffer = new Uint8Array(READ_BYTES);
  #connection: Deno.TcpConn | null = null;
  /** Goes up with each `abort`, so that a connection that was being made meanwhile is dropped. */
  #generation = 0;
  #abandon: ((reason: Error) => void) | null = null;

  constructor(address: SocketAddress, request: LoadRequest, bytes: Uint8Array) {
    this.#address = address;
    this.#request = bytes;
    this.#method = request.method;
    this.#fresh = request.fresh;
  }

  async open(): Promise<void> {
    if (!this.#fresh) this.#connection ??= await this.#connect();
  }

  async run(): Promise<void> {
    const reused = this.#connection !== null;
    try {
      await this.#exchange();
    } catch (error) {
      const wasAborted = this.#connection === null;
      this.close();
      // The target closed the connection while it was idle; any client would send such a request again.
      if (!(error instanceof NothingCame) || !reused || !isIdempotent(this.#method) || wasAborted) throw error;
      await this.#exchange();
    }
    if (this.#fresh || !this.#reader.reusable) this.close();
  }

  abort(): void {
    this.#generation++;
    this.close();
    this.#abandon?.(new ConnectFailed("The connection was not made in time"));
  }

  close(): void {
    const connection = this.#connection;
    this.#connection = null;
    try {
      connection?.close();
    } catch {
      // It was closed already.
    }
  }

  async #exchange(): Promise<void> {
    const connection = this.#connection ??= await this.#connect();
    const reader = this.#reader;
    const request = this.#request;
    reader.expect(this.#method);
    let heard = false;
    try {
      let sent = await connection.write(request);
      while (sent < request.length) sent += await connection.write(request.subarray(sent));
      while (true) {
        const count = await connection.read(this.#buffer);
        if (count === null) {
          if (!heard) throw new NothingCame();
          if (reader.end()) break;
          throw new Error("The target broke off in the middle of its response");
        }
        heard = true;
        if (reader.push(this.#buffer.subarray(0, count))) break;
      }
    } catch (error) {
      throw heard || error instanceof NothingCame ? error : new NothingCame({ cause: error });
    }
    this.status = reader.status;
    this.servedBy = reader.servedBy ?? this.#identity();
  }

  /** The first byte of a body tells whether it may be JSON, so that others cost nothing. */
  #identity(): string | null {
    const start = this.#reader.bodyStart;
    return start[0] === 123 ? identityIn(decoder.decode(start.subarray(0, IDENTITY_BYTES))) : null;
  }

  async #connect(): Promise<Deno.TcpConn> {
    const generation = this.#generation;
    const connecting = Deno.connect(this.#address).then((connection) => {
      if (generation !== this.#generation) {
        connection.close();
        throw new ConnectFailed("The connection was made too late");
      }
      connection.setNoDelay(true);
      return connection;
    });
    const abandoned = new Promise<never>((_, reject) => this.#abandon = reject);
    try {
      return await Promise.race([connecting, abandoned]);
    } catch (error) {
      connecting.catch(() => {});
      throw error instanceof ConnectFailed ? error : new ConnectFailed("Cannot connect", { cause: error });
    } finally {
      this.#abandon = null;
    }
  }
}

/** Marks a connection that ended before the first byte of an answer. */
class NothingCame extends Error {
  constructor(options?: ErrorOptions) {
    super("The target closed the connection without an answer", options);
  }
}

/**
 * Writes the request as it goes over the wire. Host, Content-Length and Connection are given unless the headers name
 * them.
 */
export function requestBytes(request: LoadRequest): Uint8Array {
  const { url, method, headers } = request;
  const named = new Set(headers.map(([name]) => name.toLowerCase()));
  const body = encoder.encode(request.body);
  let head = `${method} ${url.pathname}${url.search} HTTP/1.1\r\n`;
  if (!named.has("host")) head += `Host: ${url.host}\r\n`;
  if (!named.has("user-agent")) head += "User-Agent: sluice-load\r\n";
  for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
  if (body.length > 0 && !named.has("content-length")) head += `Content-Length: ${body.length}\r\n`;
  if (request.fresh && !named.has("connection")) head += "Connection: close\r\n";
  const headBytes = encoder.encode(head + "\r\n");
  const bytes = new Uint8Array(headBytes.length + body.length);
  bytes.set(headBytes);
  bytes.set(body, headBytes.length);
  return bytes;
}
