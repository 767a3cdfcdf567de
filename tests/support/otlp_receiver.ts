import { until } from "./poll.ts";

/** A span as it arrived, its attributes as plain values. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  /** OpenTelemetry's SpanKind on the wire. */
  readonly kind: "server" | "client" | "other";
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Wall clock, as text of 19 digits. */
  readonly startNanos: string;
  /** 2 is an error. */
  readonly statusCode: number;
}

/** Receives spans by OTLP over HTTP, in its JSON form. */
export class OtlpReceiver implements AsyncDisposable {
  readonly spans: ReceivedSpan[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
      const body = await request.text();
      if (new URL(request.url).pathname === "/v1/traces") this.spans.push(...readSpans(body));
      return Response.json({});
    });
  }

  /** The variables that make a program send here, at once. */
  get environment(): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
      OTEL_BSP_SCHEDULE_DELAY: "50",
    };
  }

  /** Waits for the server's span of a request, by its path. */
  serverSpan(path: string): Promise<ReceivedSpan> {
    return until(
      () => this.spans.find(({ kind, attributes }) => kind === "server" && attributes["url.path"] === path),
      () => `a span of ${path}; there are ${JSON.stringify(this.spans)}`,
    );
  }

  /**
   * Waits for the spans of a request's attempts: `count` of them below its server span, in the order of their start.
   */
  async attempts(path: string, count: number): Promise<readonly ReceivedSpan[]> {
    const { spanId } = await this.serverSpan(path);
    const below = () => this.spans.filter(({ kind, parentSpanId }) => kind === "client" && parentSpanId === spanId);
    await until(
      () => below().length >= count,
      () => `${count} client spans below ${path}; there are ${JSON.stringify(this.spans)}`,
    );
    return below().sort((a, b) => a.startNanos < b.startNanos ? -1 : 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function readSpans(body: string): ReceivedSpan[] {
  const spans = [];
  for (const { scopeSpans } of JSON.parse(body).resourceSpans) {
    for (const scope of scopeSpans) spans.push(...scope.spans.map(readSpan));
  }
  return spans;
}

function readSpan(span: any): ReceivedSpan {
  const { traceId, spanId, parentSpanId, name } = span;
  const attributes = span.attributes.map(({ key, value }: any) => [key, plainValue(value)]);
  return {
    traceId,
    spanId,
    parentSpanId,
    name,
    kind: span.kind === 2 ? "server" : span.kind === 3 ? "client" : "other",
    attributes: Object.fromEntries(attributes),
    startNanos: span.startTimeUnixNano,
    statusCode: span.status.code,
  };
}

/** OTLP writes 64-bit integers as text. */
function plainValue(value: Record<string, unknown>): unknown {
  return value.intValue !== undefined ? Number(value.intValue) : Object.values(value)[0];
}
