import assert from "node:assert/strict";
import { Failure } from "../../../../src/forwarding/gateway_error.ts";
import type { TargetRequest, TargetResponse, Transport } from "../../../../src/forwarding/target_request.ts";
import { TracedTransport } from "../../../../src/forwarding/tracing/traced_transport.ts";
import { makeTarget } from "../../../support/target_group.ts";
import { requestTo } from "../../../support/wire_client.ts";

/** Keeps what it is given, and fails. */
class RecordingTransport implements Transport {
  readonly sent: TargetRequest[] = [];
  readonly failure = new Failure("connect_refused", "Nobody is there");
  closed = false;

  send(request: TargetRequest): Promise<TargetResponse | Failure> {
    this.sent.push(request);
    return Promise.resolve(this.failure);
  }

  connectsFirst(): boolean {
    return true;
  }

  close(): void {
    this.closed = true;
  }
}

const interim = () => Promise.resolve();

function ask(scheme: "http" | "https"): TargetRequest {
  return requestTo(1, {
    target: makeTarget(0, { scheme }),
    headers: [["tracestate", "b=c"]],
    own: [["Via", "1.1 me"]],
  });
}

Deno.test("each attempt gets a traceparent, and the list of lines that serves the next stays as it is", async () => {
  const wire = new RecordingTransport();
  const traced = new TracedTransport(wire, new Set(["traceparent"]));
  const request = ask("http");
  for (let i = 0; i < 2; i++) await traced.send(request, interim);
  assert.deepEqual(request.own, [["Via", "1.1 me"]]);
  for (const { own, lines, cancellation } of wire.sent) {
    assert.deepEqual(own.map(([name]) => name), ["Via", "traceparent"]);
    assert.match(own[1]![1], /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
    assert.equal(lines, request.lines);
    assert.equal(cancellation, request.cancellation, "whoever gives it up gives up what is sent");
  }
});

Deno.test("if no traceparent is to be written, none is", async () => {
  const wire = new RecordingTransport();
  const request = ask("http");
  await new TracedTransport(wire, new Set()).send(request, interim);
  assert.deepEqual(wire.sent[0]!.own, request.own);
});

Deno.test("a failure, and all else, is what the transport within says", async () => {
  const wire = new RecordingTransport();
  const traced = new TracedTransport(wire, new Set());
  assert.equal(await traced.send(ask("http"), interim), wire.failure);
  assert.equal(traced.connectsFirst(makeTarget(0, {})), true);
  traced.close();
  assert.equal(wire.closed, true);
});
