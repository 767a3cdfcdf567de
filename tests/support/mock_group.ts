import { type MockTarget, startMockTarget } from "../../src/tools/mock_target.ts";

/** Variables of one rule for every path and one group `web` with these targets. */
export function groupEnvironment(
  targets: string,
  more: Record<string, string | undefined> = {},
): Record<string, string | undefined> {
  return {
    TARGET_GROUP_1_NAME: "web",
    TARGET_GROUP_1_TARGETS: targets,
    LISTENER_RULE_1_PATH_PREFIX: "/",
    LISTENER_RULE_1_TARGET_GROUP: "web",
    ...more,
  };
}

/** Variables of group and rule `number`: the group's name is the rule's prefix too. */
export function numberedGroup(number: number, name: string, targets: string): Record<string, string> {
  return {
    [`TARGET_GROUP_${number}_NAME`]: name,
    [`TARGET_GROUP_${number}_TARGETS`]: targets,
    [`LISTENER_RULE_${number}_PATH_PREFIX`]: `/${name}`,
    [`LISTENER_RULE_${number}_TARGET_GROUP`]: name,
  };
}

/** Mock targets that count requests, die, and return on the same port. */
export class MockGroup implements AsyncDisposable {
  readonly #mocks: MockTarget[];
  /** What mocks that died had counted. */
  readonly #before: number[];

  private constructor(mocks: MockTarget[]) {
    this.#mocks = mocks;
    this.#before = mocks.map(() => 0);
  }

  /** Starts some on free loopback ports. */
  static async start(count: number): Promise<MockGroup> {
    return new MockGroup(await Promise.all(Array.from({ length: count }, () => startMockTarget({ port: 0 }))));
  }

  at(index: number): MockTarget {
    return this.#mocks[index]!;
  }

  get ports(): number[] {
    return this.#mocks.map(({ port }) => port);
  }

  /** `127.0.0.1:PORT` of each, as a comma list. */
  get list(): string {
    return this.ports.map((port) => `127.0.0.1:${port}`).join(",");
  }

  /** `http://127.0.0.1:PORT` of each, as a comma list. */
  get urls(): string {
    return this.ports.map((port) => `http://127.0.0.1:${port}`).join(",");
  }

  /** How many requests each has had, over all its lives; probes for `/health` aside. */
  get served(): number[] {
    return this.#mocks.map(({ served }, index) => this.#before[index]! + served);
  }

  /** How many probes for `/health` each has had since it lives. */
  get probes(): number[] {
    return this.#mocks.map(({ probes }) => probes);
  }

  /** Stops one at once, with all its connections. */
  kill(index: number): Promise<void> {
    return this.at(index).shutdown();
  }

  /** Brings a killed one back at its port. */
  async revive(index: number): Promise<void> {
    const { port, served } = this.at(index);
    this.#before[index]! += served;
    this.#mocks[index] = await startMockTarget({ port });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#mocks.map((mock) => mock.shutdown()));
  }
}
