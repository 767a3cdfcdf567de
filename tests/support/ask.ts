import { RawClient } from "./raw_client.ts";
import { bodyText, header, type RawResponse } from "./raw_message.ts";

/** An answer as a client saw it. */
export interface Answer {
  readonly status: number;
  /** Which mock target answered; null if none did. */
  readonly servedBy: string | null;
  readonly body: string;
  readonly response: RawResponse;
}

/** What is asked, beside the path. */
export interface Question {
  readonly method?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** Asks once, on a connection of its own. */
export async function ask(url: string, path = "/", question: Question = {}): Promise<Answer> {
  await using client = await RawClient.connect(url);
  return await askOn(client, path, { ...question, headers: ["Connection: close", ...question.headers ?? []] });
}

/** Asks on a connection that stays open. */
export async function askOn(client: RawClient, path = "/", question: Question = {}): Promise<Answer> {
  const { method = "GET", headers = [], body } = question;
  const length = body === undefined ? [] : [`Content-Length: ${new TextEncoder().encode(body).length}`];
  const lines = [`${method} ${path} HTTP/1.1`, "Host: front.test", ...length, ...headers, "", body ?? ""];
  const response = await client.exchange(lines.join("\r\n"), method);
  return {
    status: response.status,
    servedBy: header(response, "x-served-by"),
    body: bodyText(response),
    response,
  };
}

/** Asks again and again, one after the other, each time on a connection of its own. */
export async function askTimes(count: number, url: string, path = "/", question: Question = {}): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let i = 0; i < count; i++) answers.push(await ask(url, path, question));
  return answers;
}

/** How many answers each key has. */
export function tally<T>(values: readonly T[], key: (value: T) => string | number | null): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[String(key(value))] = (counts[String(key(value))] ?? 0) + 1;
  return counts;
}

/** A load of several kept connections, each asking again and again until it is told to stop or nothing listens. */
export class Load {
  /** Responses by status; `broken` if a connection ended instead, `refused` if it was refused. */
  readonly outcomes: Record<string, number> = {};
  answers = 0;
  readonly #running: Promise<void>[];
  #stopping = false;

  constructor(url: string, connections: number, path = "/", question: Question = {}) {
    this.#running = Array.from({ length: connections }, () => this.#run(url, path, question));
  }

  /** Lets each connection finish its request; returns the outcomes. */
  async stop(): Promise<Record<string, number>> {
    this.#stopping = true;
    await Promise.all(this.#running);
    return this.outcomes;
  }

  async #run(url: string, path: string, question: Question): Promise<void> {
    while (!this.#stopping) {
      const connected = await RawClient.connect(url).catch(() => null);
      if (connected === null) return this.#note("refused");
      await using client = connected;
      try {
        while (!this.#stopping) this.#note(String((await askOn(client, path, question)).status));
      } catch {
        this.#note("broken");
      }
    }
  }

  #note(outcome: string): void {
    this.answers++;
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
  }
}
