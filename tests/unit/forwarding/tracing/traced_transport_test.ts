import assert from "node:assert/strict";
import { Failure } from "../../../../src/forwarding/gateway_error.ts";
import { TracedTransport } from "../../../../src/forwarding/tracing/traced_transport.ts";
import type { Transport, UpstreamRequest, UpstreamResponse } from "../../../../src/forwarding/transport.ts";
import { makeTarget } from "../../../support/target_group.ts";
import { Canceller } from "../../../support/wire_client.ts";

/** Keeps what it is given; fails where it is told to. */
class RecordingTransport implements Transport {
  readonly sent: UpstreamRequest[] = [];
  fails: unknown = null;

  send(request: UpstreamRequest): Promise<UpstreamResponse> {
    this.sent.push(request);
    return this.fails === null
      ? Promise.resolve({ status: 200, headers: new Headers(), body: null })
      : Promise.reject(this.fails);
  }

  connectsFirst(): boolean {
    return true;
  }
  failure(error: unknown): Failure {
    return new Failure("bad_response", String(error));
  }

  preamble(): [string, string][] {
    return [["host", "of the wire"]];
  }

  complete(headers: [string, string][]): void {
    headers.push(["completed", ""]);
  }

  close(): void {
    this.fails = new Error("closed");
  }
}

function requestTo(scheme: "http" | "https"): UpstreamRequest {
  return {
    target: makeTarget(0, { scheme }),
    method: "GET",
    path: "/?q",
    headers: [["host", "a"], ["tracestate", "b=c"]],
    body: null,
    bodyLength: 0,
    ownConnection: false,
    connectTimeoutMs: 5_000,
    cancellation: new Canceller(),
  };
}

Deno.test("each attempt gets a traceparent, and the list of headers that serves the next stays as it is", async () => {
  const wire = new RecordingTransport();
  const traced = new TracedTransport(wire, new Set(["traceparent"]));
  const request = requestTo("http");
  for (let i = 0; i < 2; i++) await traced.send(request);
  assert.deepEqual(request.headers, [["host", "a"], ["tracestate", "b=c"]]);
  for (const { headers, cancellation } of wire.sent) {
    assert.deepEqual(headers.map(([name]) => name), ["host", "tracestate", "traceparent"]);
    assert.match(headers[2]![1], /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
    assert.equal(cancellation, request.cancellation, "whoever gives it up gives up what is sent");
  }
});

Deno.test("if no traceparent is to be written, none is", async () => {
  const wire = new RecordingTransport();
  const request = requestTo("http");
  await new TracedTransport(wire, new Set()).send(request);
  assert.deepEqual(wire.sent[0]!.headers, request.headers);
});

Deno.test("an https target's request goes on as it is, since fetch makes its span", async () => {
  const wire = new RecordingTransport();
  const request = requestTo("https");
  await new TracedTransport(wire, new Set(["traceparent"])).send(request);
  assert.equal(wire.sent[0], request);
});

Deno.test("a failure, and all else, is what the transport within says", async () => {
  const wire = new RecordingTransport();
  const traced = new TracedTransport(wire, new Set());
  wire.fails = new Error("broken");
  await assert.rejects(traced.send(requestTo("http")), wire.fails as Error);
  assert.equal(traced.failure("x").detail, "x");
  const pairs = traced.preamble();
  traced.complete(pairs, { userAgent: true });
  assert.deepEqual(pairs, [["host", "of the wire"], ["completed", ""]]);
  traced.close();
  assert.equal(String(wire.fails), "Error: closed");
});
