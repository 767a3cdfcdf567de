import type { Bytes } from "../http1/bytes.ts";
import { ErrorCode, FIRST_FRAME_BYTES, readWord } from "./frame.ts";

/** What SETTINGS can set (RFC 9113 section 6.5.2). */
export const Setting = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

/** Bytes of one setting: an identifier of two and a value of four. */
export const SETTING_BYTES = 6;
/** The largest window, in bytes (RFC 9113 section 6.9.1). */
export const LARGEST_WINDOW = 0x7fffffff;
/** The largest value of SETTINGS_MAX_FRAME_SIZE, in bytes. */
export const LARGEST_FRAME_BYTES = 0xffffff;

/**
 * Checks the payload of SETTINGS without ACK. Returns the code of the error that must end the connection, NO_ERROR if
 * all is well. Settings that nobody knows are ignored.
 */
export function settingsError(block: Bytes, start: number, end: number): number {
  if ((end - start) % SETTING_BYTES !== 0) return ErrorCode.FRAME_SIZE_ERROR;
  for (let at = start; at < end; at += SETTING_BYTES) {
    const code = valueError(block[at]! << 8 | block[at + 1]!, readWord(block, at + 2));
    if (code !== ErrorCode.NO_ERROR) return code;
  }
  return ErrorCode.NO_ERROR;
}

/** Gives each setting of a payload that `settingsError` found right, in order: a later one counts. */
export function takeSettings(
  block: Bytes,
  start: number,
  end: number,
  take: (setting: number, value: number) => void,
): void {
  for (let at = start; at < end; at += SETTING_BYTES) {
    take(block[at]! << 8 | block[at + 1]!, readWord(block, at + 2));
  }
}

function valueError(setting: number, value: number): number {
  switch (setting) {
    case Setting.ENABLE_PUSH:
      return value > 1 ? ErrorCode.PROTOCOL_ERROR : ErrorCode.NO_ERROR;
    case Setting.INITIAL_WINDOW_SIZE:
      return value > LARGEST_WINDOW ? ErrorCode.FLOW_CONTROL_ERROR : ErrorCode.NO_ERROR;
    case Setting.MAX_FRAME_SIZE:
      return value < FIRST_FRAME_BYTES || value > LARGEST_FRAME_BYTES ? ErrorCode.PROTOCOL_ERROR : ErrorCode.NO_ERROR;
    default:
      return ErrorCode.NO_ERROR;
  }
}
