import assert from "node:assert/strict";
import { RawClient } from "./raw_client.ts";
import type { RawResponse } from "./raw_message.ts";
import { type AnswerScript, RecorderTarget } from "./recorder_target.ts";
import { okay } from "./recorder_scripts.ts";
import { type LogLine, type SluiceProcess, startSluice } from "./sluice_process.ts";
import type { Stats } from "../../src/admin/stats/stats_model.ts";

/** One group `web` behind the prefix `/`, its targets recorders: sluice with a raw socket on each side. */
export class WireStage implements AsyncDisposable {
  readonly sluice: SluiceProcess;
  readonly targets: readonly RecorderTarget[];

  private constructor(sluice: SluiceProcess, targets: readonly RecorderTarget[]) {
    this.sluice = sluice;
    this.targets = targets;
  }

  /**
   * Starts it. `env` goes to sluice beside the rule and the group; `addresses` stand in the group after the recorders.
   */
  static async start(
    options: { env?: Record<string, string>; targets?: number; addresses?: readonly string[] } = {},
  ): Promise<WireStage> {
    const targets: RecorderTarget[] = [];
    try {
      for (let i = 0; i < (options.targets ?? 1); i++) targets.push(await RecorderTarget.start());
      const addresses = [...targets.map((target) => target.address), ...options.addresses ?? []];
      const sluice = await startSluice({
        env: {
          LISTENER_RULE_1_PATH_PREFIX: "/",
          LISTENER_RULE_1_TARGET_GROUP: "web",
          TARGET_GROUP_1_NAME: "web",
          TARGET_GROUP_1_TARGETS: addresses.join(","),
          REASON_HEADER: "true",
          ...options.env,
        },
      });
      return new WireStage(sluice, targets);
    } catch (error) {
      for (const target of targets) await target[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The first target. */
  get target(): RecorderTarget {
    return this.targets[0]!;
  }

  /** The listener's `host:port`. */
  get host(): string {
    return new URL(this.sluice.url).host;
  }

  /** A connection to the listener. */
  connect(): Promise<RawClient> {
    return RawClient.connect(this.sluice.url);
  }

  /** The head of a request: request line, the listener's Host, and these header lines. */
  head(requestLine: string, headers: readonly string[] = []): string {
    return [`${requestLine} HTTP/1.1`, `Host: ${this.host}`, ...headers, "", ""].join("\r\n");
  }

  /** Sends a request on a connection of its own; all targets answer by `script` from now on. */
  async ask(
    requestLine: string,
    options: { headers?: readonly string[]; body?: string | Uint8Array; script?: AnswerScript } = {},
  ): Promise<RawResponse> {
    if (options.script !== undefined) this.script = options.script;
    await using client = await this.connect();
    await client.send(this.head(requestLine, options.headers));
    if (options.body !== undefined) await client.send(options.body);
    return await client.response(requestLine.split(" ")[0]);
  }

  /** How all targets answer from now on. */
  set script(script: AnswerScript) {
    for (const target of this.targets) target.script = script;
  }

  /** How many requests reached each target. */
  get counts(): number[] {
    return this.targets.map((target) => target.requests.length);
  }

  /** Forgets what the targets have recorded, and has them answer 200 again. */
  clear(): void {
    for (const target of this.targets) target.requests.length = 0;
    this.script = okay();
  }

  /**
   * Waits until nothing is in flight and every finished request has its access line; returns the last line and the
   * stats.
   */
  async settled(): Promise<{ line: LogLine; lines: readonly LogLine[]; stats: Stats }> {
    const stats = await this.sluice.settled();
    const lines = await this.sluice.accessLines(stats.total.finished);
    assert.equal(lines.length, stats.total.finished, "access lines and finished requests are as many");
    return { line: lines.at(-1)!, lines, stats };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sluice[Symbol.asyncDispose]();
    for (const target of this.targets) await target[Symbol.asyncDispose]();
  }
}
