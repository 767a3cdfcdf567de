import { type RawResponse, readResponse } from "./raw_message.ts";
import { RawSocket } from "./raw_socket.ts";

/** A client that sends exactly the bytes it is given, valid or not. */
export class RawClient implements AsyncDisposable {
  /** The connection itself, for what this class has no word for. */
  readonly socket: RawSocket;

  constructor(socket: RawSocket) {
    this.socket = socket;
  }

  /** Opens a connection to `http://host:port`. */
  static async connect(url: string): Promise<RawClient> {
    return new RawClient(await RawSocket.connect(url));
  }

  /** Sends exactly these bytes (text as Latin-1). */
  send(bytes: string | Uint8Array): Promise<void> {
    return this.socket.send(bytes);
  }

  /** Reads one answer; `method` is the request's, since an answer to HEAD has no body. */
  response(method = "GET"): Promise<RawResponse> {
    return readResponse(this.socket, method);
  }

  /** Sends a request and reads its answer; the connection stays open. */
  async exchange(bytes: string | Uint8Array, method = "GET"): Promise<RawResponse> {
    await this.send(bytes);
    return await this.response(method);
  }

  /** Ends the sending side; answers can still be read. */
  halfClose(): void {
    this.socket.halfClose();
  }

  /** Goes away abruptly (RST). */
  reset(): Promise<void> {
    return this.socket.reset();
  }

  /** Goes away (FIN). */
  close(): Promise<void> {
    return this.socket.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Sends a request on a connection of its own and returns the answer. */
export async function rawExchange(url: string, bytes: string | Uint8Array, method = "GET"): Promise<RawResponse> {
  await using client = await RawClient.connect(url);
  return await client.exchange(bytes, method);
}
