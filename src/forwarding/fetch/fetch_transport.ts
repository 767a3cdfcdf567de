import { hostPort } from "../../state/group_snapshot.ts";
import type { TargetSnapshot } from "../../state/group_snapshot.ts";
import { checkFetched } from "./fetched_response.ts";
import { classifyFetchError, Failure } from "../gateway_error.ts";
import { fetchUntil } from "./lent_signal.ts";
import { isIdempotent } from "../../http1/methods.ts";
import { SizedBody } from "./sized_body.ts";
import type { Transport, UpstreamRequest, UpstreamResponse } from "../transport.ts";

/** Idle connections kept per target, and for how long: below the 60 s after which many servers close theirs. */
const POOL_MAX_IDLE_PER_HOST = 256;
const POOL_IDLE_TIMEOUT_MS = 50_000;

/** Most kinds of unknown failures that are told. */
const MOST_TOLD = 16;

/**
 * The ports that `fetch` refuses to speak to (Fetch Standard, "bad port"): a target there is reached through a client whose
 * connections are directed to it, while the URL names no port.
 */
export const BAD_PORTS: ReadonlySet<number> = new Set([
  ...[
    1,
    7,
    9,
    11,
    13,
    15,
    17,
    19,
    20,
    21,
    22,
    23,
    25,
    37,
    42,
    43,
    53,
    69,
    77,
    79,
    87,
    95,
    101,
    102,
    103,
    104,
    109,
    110,
  ],
  ...[
    111,
    113,
    115,
    117,
    119,
    123,
    135,
    137,
    139,
    143,
    161,
    179,
    389,
    427,
    465,
    512,
    513,
    514,
    515,
    526,
    530,
    531,
    532,
  ],
  ...[540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061],
  ...[6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080],
]);

interface Route {
  readonly origin: string;
  readonly pooled: Deno.HttpClient;
  /** Without connection reuse: for methods that must never go twice. */
  readonly single: Deno.HttpClient;
}

/**
 * Speaks to targets through `fetch`. What that takes is on the page docs/platform.md; here: `identity` is asked for first, so
 * that bodies come undecoded; no header is invented that could change an answer; redirects are not followed; requests whose
 * method is not idempotent get a connection of their own, because `fetch` sends a small body again by itself when a reused
 * connection turns out to be closed. It does so with a GET too, once, and nobody hears of it: counted as one attempt here,
 * as two by the target.
 */
export class FetchTransport implements Transport {
  readonly #pooled = createClient(POOL_MAX_IDLE_PER_HOST);
  readonly #single = createClient(0);
  readonly #routes = new WeakMap<TargetSnapshot, Route>();
  readonly #directed = new Map<string, Route>();
  readonly #unknown: (text: string) => void;
  /** The kinds of unknown failures that were told. */
  readonly #told = new Set<string>();

  /** @param unknown Hears of failures that nobody foresaw, of each kind once. */
  constructor(unknown: (text: string) => void = () => {}) {
    this.#unknown = unknown;
  }

  send(request: UpstreamRequest): Promise<UpstreamResponse> {
    const route = this.#routes.get(request.target) ?? this.#addRoute(request.target);
    const init = {
      method: request.method,
      headers: headerRecord(request.headers),
      body: request.body instanceof ReadableStream && request.bodyLength >= 0
        ? new SizedBody(request.body, request.bodyLength)
        : request.body,
      redirect: "manual" as const,
      client: isIdempotent(request.method) && !request.ownConnection ? route.pooled : route.single,
    };
    const { cancellation } = request;
    const controller = new AbortController();
    if (cancellation.over !== null) controller.abort();
    cancellation.atWork = controller;
    const responding = fetchUntil(route.origin + request.path, init, controller.signal);
    return responding.then(checkFetched) as Promise<UpstreamResponse>;
  }

  connectsFirst(): boolean {
    return false;
  }

  failure(error: unknown): Failure {
    return error instanceof Failure ? error : classifyFetchError(error, (text) => this.#tellOnce(text));
  }

  preamble(): [string, string][] {
    return fetchPreamble();
  }

  complete(headers: [string, string][], facts: { readonly userAgent: boolean }): void {
    completeForFetch(headers, facts);
  }

  close(): void {
    this.#pooled.close();
    this.#single.close();
    for (const route of this.#directed.values()) {
      route.pooled.close();
      route.single.close();
    }
    this.#directed.clear();
  }

  #tellOnce(text: string): void {
    // What goes before it names the URL, which is another for each request.
    const kind = text.slice(Math.max(0, text.indexOf(": client error (")));
    if (this.#told.size >= MOST_TOLD || this.#told.has(kind)) return;
    this.#told.add(kind);
    this.#unknown(text);
  }

  #addRoute(target: TargetSnapshot): Route {
    const route = this.#makeRoute(target);
    this.#routes.set(target, route);
    return route;
  }

  #makeRoute(target: TargetSnapshot): Route {
    // The certificate of an https target is checked against its name, so the name is what the URL says.
    const host = target.scheme === "https" ? target.host : target.address;
    if (!BAD_PORTS.has(target.port) || target.scheme === "https") {
      return {
        origin: `${target.scheme}://${hostPort(host, target.port)}`,
        pooled: this.#pooled,
        single: this.#single,
      };
    }
    const address = hostPort(target.address, target.port);
    let route = this.#directed.get(address);
    if (route === undefined) {
      const proxy = { transport: "tcp" as const, hostname: target.address, port: target.port };
      route = {
        origin: `http://${target.address.includes(":") ? `[${target.address}]` : target.address}`,
        pooled: createClient(POOL_MAX_IDLE_PER_HOST, proxy),
        single: createClient(0, proxy),
      };
      this.#directed.set(address, route);
    }
    return route;
  }
}

function createClient(
  maxIdlePerHost: number,
  proxy?: { transport: "tcp"; hostname: string; port: number },
): Deno.HttpClient {
  return Deno.createHttpClient({
    allowHost: true,
    // In HTTP/2 everybody's requests to a target share one connection a thread: a few clients that do not read fill its window and
    // stop all others, the authority can't be another than the URL's, and a refused stream is sent again, POST too.
    http1: true,
    http2: false,
    poolMaxIdlePerHost: maxIdlePerHost,
    poolIdleTimeout: POOL_IDLE_TIMEOUT_MS,
    ...(proxy === undefined ? {} : { proxy }),
  });
}

/**
 * What goes before a request's own headers: `host`, and `identity` in the first Accept-Encoding line, which makes `fetch`
 * leave bodies encoded as they come; the client's own preference follows in a second line.
 */
export function fetchPreamble(): [string, string][] {
  return [["host", ""], ["accept-encoding", "identity"]];
}

/** Lets an empty User-Agent stand in for none: `fetch` would send its own. */
export function completeForFetch(headers: [string, string][], facts: { readonly userAgent: boolean }): void {
  if (!facts.userAgent) headers.push(["user-agent", ""]);
}

/**
 * The headers as the kind of object that `fetch` takes most cheaply: converting pairs makes several arrays and iterators of
 * each (3 KB a request, measured). A name that comes twice, as Accept-Encoding does, is told apart by its capitals, which
 * `fetch` makes small again: two lines of one name reach the target.
 */
function headerRecord(pairs: readonly [string, string][]): Record<string, string> {
  const record: Record<string, string> = {};
  for (let i = 0; i < pairs.length; i++) {
    const [name, value] = pairs[i]!;
    if (name === "__proto__") Object.defineProperty(record, name, { value, enumerable: true });
    else if (!(name in record)) record[name] = value;
    else addAgain(record, name, value);
  }
  return record;
}

function addAgain(record: Record<string, string>, name: string, value: string): void {
  const again = name.charAt(0).toUpperCase() + name.slice(1);
  // A third of one name, or one without letters: joined, which means the same (RFC 9110 section 5.2).
  if (again !== name && !Object.hasOwn(record, again)) record[again] = value;
  else record[name] = Object.hasOwn(record, name) ? `${record[name]}, ${value}` : value;
}
