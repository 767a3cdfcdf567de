import { hostPort } from "../../state/group_snapshot.ts";
import type { TargetSnapshot } from "../../state/group_snapshot.ts";
import { Kind } from "../../http1/field_kind.ts";
import { TextLines } from "../../http1/field_lines.ts";
import { isIdempotent } from "../../http1/methods.ts";
import { Failure } from "../gateway_error.ts";
import type { Interim, TargetRequest, TargetResponse, Transport } from "../target_request.ts";
import { BAD_PORTS } from "./bad_ports.ts";
import { dropsBody, fetchBody } from "./fetch_body.ts";
import { fetchHeaders } from "./fetch_headers.ts";
import { readFetched } from "./fetch_response.ts";
import { fetchUntil } from "./lent_signal.ts";
import { UnknownFailures } from "./unknown_failures.ts";

/** Idle connections kept per target, and for how long: below the 60 s after which many servers close theirs. */
const POOL_MAX_IDLE_PER_HOST = 256;
const POOL_IDLE_TIMEOUT_MS = 50_000;

/** Asks a client that sent `Expect: 100-continue` for its body. */
const CONTINUE = { status: 100, phrase: null, lines: new TextLines() };

interface Route {
  readonly origin: string;
  readonly pooled: Deno.HttpClient;
  /** Without connection reuse: for methods that must never go twice. */
  readonly single: Deno.HttpClient;
}

/**
 * Speaks to targets through `fetch`. What that takes is on the page docs/platform.md; here: `identity` is asked for
 * first, so that bodies come undecoded; no header is added that could change a response; redirects are not followed;
 * requests whose method is not idempotent get a connection of their own, because `fetch` sends a small body again by
 * itself when a reused connection turns out to be closed. It does so with a GET too, once, without telling:
 * counted as one attempt here, as two by the target.
 */
export class FetchTransport implements Transport {
  readonly #pooled = createClient(POOL_MAX_IDLE_PER_HOST);
  readonly #single = createClient(0);
  readonly #routes = new WeakMap<TargetSnapshot, Route>();
  readonly #directed = new Map<string, Route>();
  readonly #failures: UnknownFailures;

  /** @param unknown Is told of unknown failures, of each kind once. */
  constructor(unknown: (text: string) => void = () => {}) {
    this.#failures = new UnknownFailures(unknown);
  }

  async send(request: TargetRequest, interim: Interim): Promise<TargetResponse | Failure> {
    const { method, body, cancellation } = request;
    if (request.upgrade !== null) return new Failure("bad_response", "fetch can't pass an upgrade on");
    if (body !== null && dropsBody(method)) {
      return new Failure("bad_request", "fetch drops the body of GET and HEAD");
    }
    if (cancellation.over !== null) return cancellation.over;
    // `fetch` sends no Expect and tells of no interim response: nobody else would ask the client for its body.
    if (body !== null && !(body instanceof Uint8Array) && request.lines.has(Kind.Expect)) {
      await interim(CONTINUE).catch(() => {});
    }
    const route = this.#routes.get(request.target) ?? this.#addRoute(request.target);
    const controller = new AbortController();
    cancellation.atWork = controller;
    const init = {
      method,
      headers: fetchHeaders(request),
      body: fetchBody(request),
      redirect: "manual" as const,
      client: isIdempotent(method) && !request.ownConnection ? route.pooled : route.single,
    };
    try {
      const response = await fetchUntil(route.origin + request.path, init, controller.signal);
      const fetched = readFetched(response, method);
      if (!(fetched instanceof Failure)) cancellation.atWork = fetched;
      return fetched;
    } catch (error) {
      return this.#failures.classify(error);
    }
  }

  connectsFirst(): boolean {
    return false;
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
    // In HTTP/2 everybody's requests to a target share one connection a thread: a few clients that do not read fill its
    // window and stop all others, the authority can't be another than the URL's, and a refused stream is sent again,
    // POST too.
    http1: true,
    http2: false,
    poolMaxIdlePerHost: maxIdlePerHost,
    poolIdleTimeout: POOL_IDLE_TIMEOUT_MS,
    ...(proxy === undefined ? {} : { proxy }),
  });
}
