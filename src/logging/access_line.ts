import type { ByteLine } from "./byte_line.ts";

/** Everything that one access line says. Times in ms, bytes are body bytes. */
export interface AccessRecord {
  readonly timeMs: number;
  readonly client: string;
  readonly method: string;
  /** Path and query, as matched. */
  readonly path: string;
  readonly host: string;
  /** The client's version of HTTP; null if it is not known. */
  readonly protocol: string | null;
  readonly status: number;
  readonly reason: string | null;
  readonly rule: number | null;
  readonly group: string | null;
  /** `address:port` of the target that answered or was tried last. */
  readonly target: string | null;
  readonly attempts: number;
  /** How long making the last attempt's connection took, or was tried; null if it made none or the time is unknown. */
  readonly connectMs: number | null;
  /** Handed over until response headers, of the last attempt. */
  readonly ttfbMs: number | null;
  readonly totalMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Who broke the exchange off after its headers. */
  readonly cutBy: string | null;
  /** Why the last attempt brought no answer, in words; null if it did, or if there was none. */
  readonly detail: string | null;
  readonly id: string;
}

/** Characters of a path that a line repeats; a request's head may be 64 KB long. */
const LONGEST_PATH = 8192;
/** Characters of any other string of the client's. */
const LONGEST_OTHER = 512;
/** Most characters of strings in one line, with room for everything constant. */
export const LONGEST_LINE_CHARACTERS = LONGEST_PATH + 7 * LONGEST_OTHER + 1024;

/** Writes one access line. */
export type WriteAccessLine = (line: ByteLine, record: AccessRecord) => void;

/** Writes an access line as JSON. Names are constant, and only strings are looked at for what needs escaping. */
export function writeJsonLine(line: ByteLine, record: AccessRecord): void {
  line.plain('{"time":"');
  writeTime(line, record.timeMs);
  line.plain('","client":');
  line.quoted(cut(record.client, LONGEST_OTHER));
  line.plain(',"method":');
  line.quoted(cut(record.method, LONGEST_OTHER));
  line.plain(',"path":');
  line.quoted(cut(record.path, LONGEST_PATH));
  line.plain(',"host":');
  line.quoted(cut(record.host, LONGEST_OTHER));
  line.plain(',"protocol":');
  line.quotedOrNull(record.protocol);
  line.plain(',"status":');
  line.integer(record.status);
  line.plain(',"reason":');
  line.quotedOrNull(record.reason);
  line.plain(',"rule":');
  integerOrNull(line, record.rule);
  line.plain(',"group":');
  line.quotedOrNull(record.group);
  line.plain(',"target":');
  line.quotedOrNull(record.target);
  line.plain(',"attempts":');
  line.integer(record.attempts);
  line.plain(',"connectMs":');
  millisOrNull(line, record.connectMs);
  line.plain(',"ttfbMs":');
  millisOrNull(line, record.ttfbMs);
  line.plain(',"totalMs":');
  line.millis(record.totalMs);
  line.plain(',"requestBytes":');
  line.integer(record.requestBytes);
  line.plain(',"responseBytes":');
  line.integer(record.responseBytes);
  line.plain(',"cutBy":');
  line.quotedOrNull(record.cutBy);
  line.plain(',"detail":');
  line.quotedOrNull(record.detail === null ? null : cut(record.detail, LONGEST_OTHER));
  line.plain(',"id":');
  line.quoted(cut(record.id, LONGEST_OTHER));
  line.plain("}\n");
}

/** Writes an access line for people. Strings of the client's are quoted and escaped as in JSON. */
export function writeTextLine(line: ByteLine, record: AccessRecord): void {
  writeTime(line, record.timeMs);
  line.plain(` ${record.client} `);
  line.quoted(`${cut(record.method, LONGEST_OTHER)} ${cut(record.path, LONGEST_PATH)}`);
  if (record.protocol !== null) line.plain(` ${record.protocol}`);
  line.plain(` ${record.status}${record.reason === null ? "" : ` ${record.reason}`} rule=${record.rule ?? "-"} group=`);
  if (record.group === null) line.plain("-");
  else line.quoted(record.group);
  line.plain(` target=${record.target ?? "-"} attempts=${record.attempts} connect=`);
  millisOrDash(line, record.connectMs);
  line.plain(" ttfb=");
  millisOrDash(line, record.ttfbMs);
  line.plain(" total=");
  line.millis(record.totalMs);
  line.plain(`ms in=${record.requestBytes} out=${record.responseBytes}`);
  if (record.cutBy !== null) line.plain(` cut_by=${record.cutBy}`);
  if (record.detail !== null) {
    line.plain(" detail=");
    line.quoted(cut(record.detail, LONGEST_OTHER));
  }
  line.plain(" id=");
  line.quoted(cut(record.id, LONGEST_OTHER));
  line.plain("\n");
}

function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}...`;
}

function integerOrNull(line: ByteLine, value: number | null): void {
  if (value === null) line.plain("null");
  else line.integer(value);
}

function millisOrNull(line: ByteLine, ms: number | null): void {
  if (ms === null) line.plain("null");
  else line.millis(ms);
}

function millisOrDash(line: ByteLine, ms: number | null): void {
  if (ms === null) return line.plain("-");
  line.millis(ms);
  line.plain("ms");
}

let lastSecond = -1;
let lastSecondText = "";

/** ISO 8601 in UTC; the part down to the second is made once a second. */
function writeTime(line: ByteLine, wallMs: number): void {
  const second = Math.floor(wallMs / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastSecondText = new Date(second * 1000).toISOString().slice(0, 20);
  }
  line.plain(lastSecondText);
  const millis = Math.floor(wallMs - second * 1000);
  if (millis < 100) line.plain("0");
  if (millis < 10) line.plain("0");
  line.integer(millis);
  line.plain("Z");
}
