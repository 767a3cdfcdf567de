import { TargetTlsTexts } from "../../src/control_plane/certificates/target_tls_texts.ts";
/**
 * Probes an https target on loopback once, in a process of its own (what it trusts comes from DENO_CERT), and says the
 * result.
 */
import { probeTarget } from "../../src/health/probe.ts";
import { describeProbe } from "../../src/health/probe_result.ts";
import { systemClock } from "../../src/time/clock.ts";
import { sampleCheck } from "./sample_group.ts";

const [host = "", port = ""] = Deno.args;
const result = await probeTarget(
  {
    slot: 0,
    scheme: "https",
    host,
    address: "127.0.0.1",
    port: Number(port),
    base: "",
    weight: 1,
    tls: TargetTlsTexts.NONE.of("", host),
  },
  { config: sampleCheck({ enabled: true }), clock: systemClock, signal: new AbortController().signal },
);
console.log(describeProbe(result));
