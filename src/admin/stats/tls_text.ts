import type { TlsStats } from "./stats_model.ts";

const DAY_SECONDS = 86_400;

/** Says how TLS on the listener is, a line for each matter, for `sluice status` and the dashboard. */
export function tlsText({ certificates, orders, handshakes, workerExchanges }: TlsStats): string[] {
  const lines = certificates.map(({ names, source, expiresInSeconds, refused }) => {
    const state = expiresInSeconds <= 0 ? "EXPIRED" : `${Math.floor(expiresInSeconds / DAY_SECONDS)} days left`;
    return `Certificate ${names.join(", ")}: ${state} (${source})${refused === null ? "" : `; REFUSED: ${refused}`}`;
  });
  for (const { name, state, orderedHere, error, nextTryInSeconds } of orders) {
    if (state === "issued" && error === null) continue;
    const who = orderedHere ? "" : ", another replica orders";
    const again = nextTryInSeconds === null ? "" : `; next try in ${nextTryInSeconds} s`;
    lines.push(`ACME ${name}: ${state}${who}${error === null ? "" : `: ${error}`}${again}`);
  }
  if (handshakes === null) return lines;
  const { pending, failed, timedOut } = handshakes;
  const troubled = pending + failed + timedOut > 0;
  const exchanged = workerExchanges === 0 ? "" : `; workers exchanged for them: ${workerExchanges}`;
  if (troubled) lines.push(`TLS handshakes: ${pending} pending, ${failed} failed, ${timedOut} timed out${exchanged}`);
  return lines;
}
