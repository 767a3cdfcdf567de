import { createHash } from "node:crypto";
import { latin1 } from "./raw_socket.ts";
import { type Turn } from "./recorder_target.ts";

/** More than Linux takes from one write on loopback (3.9 MB by its usual settings) where nobody reads. */
export const LARGE_BYTES = 4_500_000;

/** What a request and its target are to do: known to both before it is sent. */
export interface Plan {
  readonly nonce: string;
  readonly method: "GET" | "PUT" | "POST";
  readonly body: "none" | "small" | "large" | "in pieces";
  readonly bytes: Uint8Array;
  readonly checksum: string;
  readonly way: Way;
  /** How much stands behind nonce and checksum in the answer. */
  readonly padding: string;
  readonly chunked: boolean;
  readonly leaves: "while sending" | "when sent" | "while reading" | null;
  /** Chooses what is left to chance: a cut, a wait, a reset rather than a close. */
  readonly dice: number;
}

/** What a target does; `whole` where it reads its request to the end and answers to the end. */
interface Way {
  readonly whole: boolean;
  /** It answers before it has read the body. */
  readonly early?: boolean;
  answer(turn: Turn, plan: Plan): Promise<void>;
}

/** Every body holds requests that nobody sent: where one begins to be read as such, a target records it. */
export const FORGED =
  "POST /forged HTTP/1.1\r\nHost: forged\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
export const FORGED_BYTES = latin1(FORGED.repeat(Math.ceil(LARGE_BYTES / FORGED.length)));

export function checksumOf(bytes: Uint8Array): string {
  return createHash("sha1").update(bytes).digest("hex");
}

/** The answer to a request whose body is known by its checksum. */
export function answerText({ nonce, padding }: Plan, checksum: string): string {
  return `${nonce} ${checksum} ${padding}`;
}

async function answerWhole(turn: Turn, plan: Plan, options: { headers?: string; checksum?: string } = {}) {
  const text = answerText(plan, options.checksum ?? checksumOf(await turn.body()));
  await turn.socket.send(head(plan, text, options.headers) + framed(plan, text));
}

function head({ chunked }: Plan, text: string, headers = ""): string {
  return `HTTP/1.1 200 OK\r\n${headers}${
    chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${text.length}`
  }\r\n\r\n`;
}

function framed({ chunked }: Plan, text: string): string {
  const half = text.length >> 1;
  return chunked ? [text.slice(0, half), text.slice(half), ""].map(chunkOf).join("") : text;
}

function chunkOf(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

async function end({ socket }: Turn, { dice }: Plan): Promise<void> {
  if (dice % 2 === 0) await socket.close();
  else await socket.reset();
}

/** Ends its side and takes what still comes, so that its answer is not lost to a reset. */
async function endGently({ socket }: Turn): Promise<void> {
  socket.halfClose();
  socket.resume();
  await socket.untilEnded();
  await socket.close();
}

export const KEPT: Way = { whole: true, answer: answerWhole };

export const WAYS: readonly Way[] = [
  KEPT,
  KEPT,
  KEPT,
  KEPT,
  KEPT,
  // Closes behind its answer, having announced it.
  {
    whole: true,
    async answer(turn, plan) {
      await answerWhole(turn, plan, { headers: "Connection: close\r\n" });
      await endGently(turn);
    },
  },
  // Closes behind its answer without a word.
  {
    whole: true,
    async answer(turn, plan) {
      await answerWhole(turn, plan);
      await turn.socket.close();
    },
  },
  // Closes a while later: the connection is idle, or the next request is on its way.
  {
    whole: true,
    async answer(turn, plan) {
      await answerWhole(turn, plan);
      await turn.socket.endedWithin(plan.dice % 4);
      await turn.socket.close();
    },
  },
  // Breaks off within its answer.
  {
    whole: false,
    async answer(turn, plan) {
      const text = answerText(plan, checksumOf(await turn.body()));
      const body = framed(plan, text);
      await turn.socket.send(head(plan, text) + body.slice(0, plan.dice % body.length));
      await end(turn, plan);
    },
  },
  // Takes the request and breaks off without an answer.
  {
    whole: false,
    async answer(turn, plan) {
      await turn.body();
      await end(turn, plan);
    },
  },
  // Breaks off before it has read the body.
  {
    whole: false,
    async answer(turn, plan) {
      turn.socket.pause();
      await end(turn, plan);
    },
  },
  // Answers without having read the body, and closes.
  {
    whole: false,
    early: true,
    async answer(turn, plan) {
      turn.socket.pause();
      await answerWhole(turn, plan, { headers: "Connection: close\r\n", checksum: "unread" });
      await endGently(turn);
    },
  },
  // Answers before it reads the body, and keeps the connection.
  { whole: false, early: true, answer: (turn, plan) => answerWhole(turn, plan, { checksum: "unread" }) },
];
