import { Dice } from "./dice.ts";

/** How a message's body is framed. */
export type FuzzFraming = "none" | "length" | "chunked" | "close";

/** What client and target agree on about one exchange; each of them makes it from the exchange's number alone. */
export interface FuzzPlan {
  readonly id: number;
  readonly method: string;
  readonly minor: 0 | 1;
  readonly requestFraming: FuzzFraming;
  readonly requestBody: string;
  readonly status: number;
  readonly responseFraming: FuzzFraming;
  readonly responseBody: string;
  /** Lines behind the last chunk, of the request and of the response. */
  readonly trailers: string;
  /** The target sends hints first. */
  readonly interim: boolean;
  /** What goes wrong: the target responds before it read the body, or breaks off; the client leaves. */
  readonly fault: "none" | "early" | "break" | "leave";
}

/** Makes an exchange's plan. */
export function fuzzPlan(seed: number, id: number): FuzzPlan {
  const dice = new Dice(seed + Math.imul(id, 2654435761));
  const minor = dice.oneIn(12) ? 0 : 1;
  const method = dice.pick(["GET", "GET", "HEAD", "POST", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "REPORT"]);
  const framing = dice.pick<FuzzFraming>(["none", "length", "chunked"]);
  const requestFraming = framing === "chunked" && minor === 0 ? "length" : framing;
  const status = dice.pick([200, 200, 200, 201, 204, 304, 404, 500]);
  const bodiless = status === 204 || status === 304;
  const responseFraming = bodiless ? "none" : dice.pick<FuzzFraming>(["length", "length", "chunked", "close"]);
  const size = () => dice.oneIn(40) ? dice.below(120_000) : dice.oneIn(4) ? 0 : dice.below(3_000);
  const faults = ["early", "break", "leave"] as const;
  return {
    id,
    method,
    minor,
    requestFraming,
    requestBody: requestFraming === "none" ? "" : textOf(`c${id}.`, size()),
    status,
    responseFraming,
    responseBody: bodiless ? "" : textOf(`t${id}.`, size()),
    trailers: dice.oneIn(3) ? `X-Sum: ${id}\r\nX-More: ${"m".repeat(dice.below(50))}\r\n` : "",
    interim: dice.oneIn(15),
    fault: dice.oneIn(25) ? dice.pick(faults) : "none",
  };
}

/** Text whose every part tells whose it is. */
function textOf(word: string, length: number): string {
  return word.repeat(Math.ceil(length / word.length)).slice(0, length);
}

/** A body as it goes over the wire; chunks are cut at random. */
export function framed(framing: FuzzFraming, body: string, options: { trailers: string; dice: Dice }): string {
  if (framing !== "chunked") return body;
  const { trailers, dice } = options;
  const chunks = body.length > 20_000 ? [body] : dice.cut(body);
  // All extensions of a body together are limited.
  const extended = chunks.length < 100;
  const one = (chunk: string) => {
    const size = chunk.length.toString(16);
    return `${!extended || dice.oneIn(2) ? size : `0${size.toUpperCase()};ext="x"`}\r\n${chunk}\r\n`;
  };
  return `${chunks.map(one).join("")}0\r\n${trailers}\r\n`;
}
