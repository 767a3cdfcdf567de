import assert from "node:assert/strict";
import { ErrorCode } from "../../../src/http2/frame.ts";
import { Setting, settingsError, takeSettings } from "../../../src/http2/settings.ts";
import { hexBytes } from "../../support/hex_bytes.ts";

function error(hex: string): number {
  const bytes = hexBytes(`ee ${hex} ee`);
  return settingsError(bytes, 1, bytes.length - 1);
}

Deno.test("settings within their ranges are right, and so is none", () => {
  assert.equal(error(""), ErrorCode.NO_ERROR);
  assert.equal(error("0002 00000000 0002 00000001"), ErrorCode.NO_ERROR);
  assert.equal(error("0004 00000000 0004 7fffffff"), ErrorCode.NO_ERROR);
  assert.equal(error("0005 00004000 0005 00ffffff"), ErrorCode.NO_ERROR);
  assert.equal(error("0001 ffffffff 0003 ffffffff 0006 ffffffff"), ErrorCode.NO_ERROR);
});

Deno.test("a setting outside of its range ends the connection, with the code that RFC 9113 gives", () => {
  assert.equal(error("0002 00000002"), ErrorCode.PROTOCOL_ERROR);
  assert.equal(error("0004 80000000"), ErrorCode.FLOW_CONTROL_ERROR);
  assert.equal(error("0005 00003fff"), ErrorCode.PROTOCOL_ERROR);
  assert.equal(error("0005 01000000"), ErrorCode.PROTOCOL_ERROR);
  assert.equal(error("0003 00000001 0004 ffffffff"), ErrorCode.FLOW_CONTROL_ERROR);
});

Deno.test("a length that is no multiple of six bytes is an error of size", () => {
  for (const hex of ["00", "0003 000000", "0003 00000001 00"]) assert.equal(error(hex), ErrorCode.FRAME_SIZE_ERROR);
});

Deno.test("settings that nobody knows are no error", () => {
  assert.equal(error("0000 ffffffff 0009 ffffffff ffff ffffffff"), ErrorCode.NO_ERROR);
});

Deno.test("settings are given in order, the same one twice too", () => {
  const bytes = hexBytes("ee 0001 00000000 0001 00001000 0a0b ffffffff ee");
  const given: number[][] = [];
  takeSettings(bytes, 1, bytes.length - 1, (setting, value) => given.push([setting, value]));
  assert.deepEqual(given, [[Setting.HEADER_TABLE_SIZE, 0], [Setting.HEADER_TABLE_SIZE, 4096], [0x0a0b, 0xffffffff]]);
});
