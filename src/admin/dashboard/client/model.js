/** What is known of a target, a group or everything, with its last two minutes. Its numbers come by their names. */
export function makeRecord() {
  return {
    state: "initial",
    reason: null,
    sinceMs: null,
    nextProbeMs: null,
    ejectedUntilMs: null,
    /** One [perSecond, p50, p90, p99] a second, oldest first. */
    history: [],
  };
}

/** Takes numbers into a record; `names` says what they are (live_numbers.ts). */
export function takeNumbers(record, numbers, names) {
  names.forEach((name, index) => record[name] = numbers[index]);
}

/** Takes a TargetRow of live_model.ts into a record. */
export function takeTargetRow(record, row, names) {
  const [, state, reason, sinceMs, nextProbeMs, ejectedUntilMs, numbers] = row;
  Object.assign(record, { state, reason, sinceMs, nextProbeMs, ejectedUntilMs });
  takeNumbers(record, numbers, names);
}

/** Adds the present to a record's history. Called each second for each record, whether it changed or not. */
export function remember(record) {
  record.history.push([record.perSecond, record.p50, record.p90, record.p99]);
  if (record.history.length > 120) record.history.shift();
}

/** Tells whether the target's state lets it receive requests. */
export function isEligible(record) {
  return record.state === "healthy" || record.state === "initial";
}
