import { type MockTarget, startMockTarget } from "./mock_target.ts";

/** A mock target that can die as a process does, and come back where it was. */
export class DemoTarget {
  readonly name: string;
  readonly port: number;
  readonly url: string;
  #mock: MockTarget | null;

  private constructor(mock: MockTarget) {
    this.#mock = mock;
    this.name = mock.name;
    this.port = mock.port;
    this.url = mock.url;
  }

  /** Starts one on a free loopback port. */
  static async start(name: string): Promise<DemoTarget> {
    return new DemoTarget(await startMockTarget({ port: 0, name }));
  }

  /** Stops listening and cuts what is open; again does nothing. */
  async die(): Promise<void> {
    const mock = this.#mock;
    this.#mock = null;
    await mock?.shutdown();
  }

  /** Listens at its port again. */
  async revive(): Promise<void> {
    this.#mock ??= await startMockTarget({ port: this.port, name: this.name });
  }
}
