import assert from "node:assert/strict";
import { percentDecoded } from "../../../src/rules/percent_decoding.ts";

Deno.test("percent-encoded UTF-8 is decoded, whatever stands beside it", () => {
  const texts = ["", "a", "é", "€", "😀", "\u{10ffff}", "\uffff", "\u0800", "a b", "a%b", "%", "&=;", "\0"];
  for (const before of ["", "x", "%", "%4", "%zz"]) {
    for (const text of texts) {
      assert.equal(percentDecoded(`${before}-${encodeURIComponent(text)}-%41`), `${before}-${text}-A`);
    }
  }
  assert.equal(percentDecoded("%c3%A9%C3%a9"), "éé");
});

Deno.test("what is no UTF-8 stays as it is", () => {
  const forms = [
    "%",
    "%4",
    "%4g",
    "%g4",
    "%80",
    "%bf",
    "%c0%80",
    "%c1%bf",
    "%c3",
    "%c3%",
    "%c3é",
    "%e0%80%80",
  ];
  forms.push("%e2%82", "%e2%82x", "%ed%a0%80", "%f0%80%80%80", "%f4%90%80%80", "%f5%80%80%80", "%ff", "%f0%9f%98");
  for (const form of forms) {
    assert.equal(percentDecoded(form), form);
    assert.equal(percentDecoded(`${form}%41`), `${form}A`);
  }
});

Deno.test("the platform's decoder, which throws at what is malformed, is never called", () => {
  const { decodeURIComponent } = globalThis;
  let calls = 0;
  globalThis.decodeURIComponent = (text) => (calls++, decodeURIComponent(text));
  try {
    for (const form of ["%", "%ff", "%e2%82"]) {
      const text = form.repeat(32_000 / form.length);
      assert.equal(percentDecoded(text), text);
    }
  } finally {
    globalThis.decodeURIComponent = decodeURIComponent;
  }
  assert.equal(calls, 0);
});
