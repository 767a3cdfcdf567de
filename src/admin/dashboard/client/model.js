/** What is known of one thing that has numbers, with its last two minutes. */
export function makeRecord() {
  return {
    state: "initial",
    reason: null,
    sinceMs: null,
    nextProbeMs: null,
    ejectedUntilMs: null,
    inFlight: 0,
    perSecond: 0,
    errorRate: 0,
    p50: null,
    p90: null,
    p99: null,
    requests: 0,
    errors: 0,
    /** One [perSecond, p50, p90, p99] a second, oldest first. */
    history: [],
  };
}

/** Takes the numbers of live_model.ts's LiveNumbers into a record. */
export function takeNumbers(record, numbers) {
  [
    record.inFlight,
    record.perSecond,
    record.errorRate,
    record.p50,
    record.p90,
    record.p99,
    record.requests,
    record.errors,
  ] = numbers;
}

/** Takes a TargetRow of live_model.ts into a record. */
export function takeTargetRow(record, row) {
  record.state = row[1];
  record.reason = row[2];
  record.sinceMs = row[3];
  record.nextProbeMs = row[4];
  record.ejectedUntilMs = row[5];
  takeNumbers(record, row[6]);
}

/** Adds the present to the history of a record. Called each second for all, also for those that did not change. */
export function remember(record) {
  record.history.push([record.perSecond, record.p50, record.p90, record.p99]);
  if (record.history.length > 120) record.history.shift();
}

/** Whether the target may receive requests as far as its state goes. */
export function isEligible(record) {
  return record.state === "healthy" || record.state === "initial";
}
