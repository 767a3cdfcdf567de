import { type ByteLine, LastText, piece } from "./byte_line.ts";

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

/** The constant parts of a line in JSON. */
const JSON_PARTS = {
  time: piece('{"time":"'),
  client: piece('Z","client":'),
  method: piece(',"method":'),
  path: piece(',"path":'),
  host: piece(',"host":'),
  protocol: piece(',"protocol":'),
  status: piece(',"status":'),
  reason: piece(',"reason":'),
  noReason: piece(',"reason":null'),
  rule: piece(',"rule":'),
  group: piece(',"group":'),
  target: piece(',"target":'),
  attempts: piece(',"attempts":'),
  connect: piece(',"connectMs":'),
  ttfb: piece(',"ttfbMs":'),
  total: piece(',"totalMs":'),
  requestBytes: piece(',"requestBytes":'),
  responseBytes: piece(',"responseBytes":'),
  cutBy: piece(',"cutBy":'),
  detail: piece(',"detail":'),
  /** How nearly every line ends. */
  wholeId: piece(',"cutBy":null,"detail":null,"id":'),
  id: piece(',"id":'),
  end: piece("}\n"),
};
const NULL = piece("null");

/** What the line before said. */
const LAST = {
  client: new LastText(),
  method: new LastText(),
  host: new LastText(),
  protocol: new LastText(),
  group: new LastText(),
};

/** Writes an access line as JSON. Names are constant, and only strings are looked at for what needs escaping. */
export function writeJsonLine(line: ByteLine, record: AccessRecord): void {
  const { protocol, reason, group, target, cutBy, detail } = record;
  line.put(JSON_PARTS.time);
  writeTime(line, record.timeMs);
  line.put(JSON_PARTS.client);
  line.quotedAgain(cut(record.client, LONGEST_OTHER), LAST.client);
  line.put(JSON_PARTS.method);
  line.quotedAgain(cut(record.method, LONGEST_OTHER), LAST.method);
  line.put(JSON_PARTS.path);
  line.quoted(cut(record.path, LONGEST_PATH));
  line.put(JSON_PARTS.host);
  line.quotedAgain(cut(record.host, LONGEST_OTHER), LAST.host);
  line.put(JSON_PARTS.protocol);
  if (protocol === null) line.put(NULL);
  else line.quotedAgain(protocol, LAST.protocol);
  line.put(JSON_PARTS.status);
  line.integer(record.status);
  if (reason === null) line.put(JSON_PARTS.noReason);
  else {
    line.put(JSON_PARTS.reason);
    line.quoted(reason);
  }
  line.put(JSON_PARTS.rule);
  integerOrNull(line, record.rule);
  line.put(JSON_PARTS.group);
  if (group === null) line.put(NULL);
  else line.quotedAgain(group, LAST.group);
  line.put(JSON_PARTS.target);
  quotedOrNull(line, target);
  line.put(JSON_PARTS.attempts);
  line.integer(record.attempts);
  line.put(JSON_PARTS.connect);
  millisOrNull(line, record.connectMs);
  line.put(JSON_PARTS.ttfb);
  millisOrNull(line, record.ttfbMs);
  line.put(JSON_PARTS.total);
  line.millis(record.totalMs);
  line.put(JSON_PARTS.requestBytes);
  line.integer(record.requestBytes);
  line.put(JSON_PARTS.responseBytes);
  line.integer(record.responseBytes);
  if (cutBy === null && detail === null) line.put(JSON_PARTS.wholeId);
  else {
    line.put(JSON_PARTS.cutBy);
    quotedOrNull(line, cutBy);
    line.put(JSON_PARTS.detail);
    quotedOrNull(line, detail === null ? null : cut(detail, LONGEST_OTHER));
    line.put(JSON_PARTS.id);
  }
  line.quoted(cut(record.id, LONGEST_OTHER));
  line.put(JSON_PARTS.end);
}

/** Writes an access line for people. Strings of the client's are quoted and escaped as in JSON. */
export function writeTextLine(line: ByteLine, record: AccessRecord): void {
  writeTime(line, record.timeMs);
  line.plain(`Z ${record.client} `);
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

function quotedOrNull(line: ByteLine, text: string | null): void {
  if (text === null) line.put(NULL);
  else line.quoted(text);
}

function integerOrNull(line: ByteLine, value: number | null): void {
  if (value === null) line.put(NULL);
  else line.integer(value);
}

function millisOrNull(line: ByteLine, ms: number | null): void {
  if (ms === null) line.put(NULL);
  else line.millis(ms);
}

function millisOrDash(line: ByteLine, ms: number | null): void {
  if (ms === null) return line.plain("-");
  line.millis(ms);
  line.plain("ms");
}

let lastSecond = -1;
let lastSecondText = piece("");

/** ISO 8601 in UTC without its Z; the part down to the second is made once a second. */
function writeTime(line: ByteLine, wallMs: number): void {
  const second = Math.floor(wallMs / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastSecondText = piece(new Date(second * 1000).toISOString().slice(0, 20));
  }
  line.put(lastSecondText);
  line.thousandth(wallMs - second * 1000);
}
