/** Everything that one access line says. Times in ms, bytes are body bytes. */
export interface AccessRecord {
  readonly timeMs: number;
  readonly client: string;
  readonly method: string;
  /** Path and query, as matched. */
  readonly path: string;
  readonly host: string;
  readonly status: number;
  readonly reason: string | null;
  readonly rule: number | null;
  readonly group: string | null;
  /** `address:port` of the target that answered or was tried last. */
  readonly target: string | null;
  readonly attempts: number;
  /** Handed over until response headers, of the last attempt. */
  readonly ttfbMs: number | null;
  readonly totalMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Who broke the exchange off after its headers. */
  readonly cutBy: string | null;
  readonly id: string;
}

/**
 * Writes an access line as JSON. By hand and not by JSON.stringify, because it stands on the request path: names are
 * constant, numbers need no escaping, and a string is escaped only where a look at its characters says so.
 */
export function jsonAccessLine(record: AccessRecord): string {
  return `{"time":"${isoTime(record.timeMs)}","client":${jsonString(record.client)},"method":${
    jsonString(record.method)
  },"path":${jsonString(record.path)},"host":${jsonString(record.host)},"status":${record.status},"reason":${
    jsonOrNull(record.reason)
  },"rule":${record.rule},"group":${jsonOrNull(record.group)},"target":${
    jsonOrNull(record.target)
  },"attempts":${record.attempts},"ttfbMs":${round(record.ttfbMs)},"totalMs":${
    round(record.totalMs)
  },"requestBytes":${record.requestBytes},"responseBytes":${record.responseBytes},"cutBy":${
    jsonOrNull(record.cutBy)
  },"id":${jsonString(record.id)}}\n`;
}

/** Writes an access line for people. Strings of the client's are quoted and escaped as in JSON. */
export function textAccessLine(record: AccessRecord): string {
  const { ttfbMs } = record;
  return `${isoTime(record.timeMs)} ${record.client} ${jsonString(`${record.method} ${record.path}`)} ${record.status}${
    record.reason === null ? "" : ` ${record.reason}`
  } rule=${record.rule ?? "-"} group=${record.group === null ? "-" : jsonString(record.group)} target=${
    record.target ?? "-"
  } attempts=${record.attempts} ttfb=${ttfbMs === null ? "-" : `${round(ttfbMs)}ms`} total=${
    round(record.totalMs)
  }ms in=${record.requestBytes} out=${record.responseBytes}${
    record.cutBy === null ? "" : ` cut_by=${record.cutBy}`
  } id=${jsonString(record.id)}\n`;
}

let lastSecond = -1;
let lastSecondText = "";

/** ISO 8601 in UTC; the part down to the second is made once a second. */
function isoTime(wallMs: number): string {
  const second = Math.floor(wallMs / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastSecondText = new Date(second * 1000).toISOString().slice(0, 20);
  }
  const millis = Math.floor(wallMs - second * 1000);
  return lastSecondText + (millis < 10 ? "00" : millis < 100 ? "0" : "") + millis + "Z";
}

/** Three decimals: microseconds. */
function round(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 1000) / 1000;
}

function jsonOrNull(text: string | null): string {
  return text === null ? "null" : jsonString(text);
}

/** A JSON string; everything but plain ASCII goes the slow, escaping way. */
function jsonString(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code === 0x22 || code === 0x5c || code > 0x7e) return escaped(text);
  }
  return `"${text}"`;
}

function escaped(text: string): string {
  // Line separators and C1 controls are legal in JSON and yet break terminals and line readers.
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}
