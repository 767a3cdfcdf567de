import assert from "node:assert/strict";
import { LATENCY_BUCKETS, latencyBucket, latencyBucketLimitMicros } from "../../../src/state/slot_layout.ts";

/** As the buckets are described: four to each doubling from 64 us on. */
function describedBucket(micros: number): number {
  if (micros < 64) return 0;
  return Math.min(1 + Math.floor((Math.log2(micros) - 6) * 4), LATENCY_BUCKETS - 1);
}

Deno.test("a duration falls into the bucket that its size and the buckets' limits say", () => {
  for (let micros = 0; micros < 2 ** 28; micros = micros < 300 ? micros + 0.25 : micros * 1.003) {
    const bucket = latencyBucket(micros);
    assert.equal(bucket, describedBucket(micros), `${micros}`);
    assert.ok(micros <= latencyBucketLimitMicros(bucket), `${micros}`);
  }
  for (let power = 6; power < 40; power++) assert.equal(latencyBucket(2 ** power), describedBucket(2 ** power));
});
