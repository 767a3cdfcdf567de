import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalPath, canonicalQuery } from "../../src/rules/canonical_path.ts";
import { forwardedPath } from "../../src/rules/rewrite.ts";
import "../support/seed.ts";

/** Paths thick with what a URL parser stumbles over. */
const trickyPath = fc
  .array(
    fc.constantFrom(
      "/",
      "//",
      ".",
      "..",
      "%2e",
      "%2E",
      "%2e%2e",
      "a",
      "api",
      "%2F",
      "%",
      "é",
      " ",
      "<",
      "~",
      ";",
      "C:",
      "@",
      "^",
    ),
    {
      maxLength: 14,
    },
  )
  .map((parts) => `/${parts.join("")}`);

/**
 * The `#` that the tests add keeps the parser from trimming a space at the very end, which no request line can carry.
 */
const anyText = fc.oneof(
  trickyPath,
  fc.string({ unit: "grapheme" }).map((text) => `/${text}`),
  fc.string({ unit: "binary" }).map((text) => `/${text}`),
);

/** Few different segments, so that prefixes and paths meet. */
const shortPath = fc
  .array(fc.constantFrom("a", "b", "ab", "aa", ""), { minLength: 1, maxLength: 5 })
  .map((segments) => `/${segments.join("/")}`);

/** A segment that the URL standard would treat apart in a file URL. */
const DRIVE_LETTER = /\/[A-Za-z][:|](\/|$)/;

Deno.test("a canonical path is what fetch's URL parser makes of the raw one, and it does not change it again", () => {
  fc.assert(
    fc.property(anyText, (raw) => {
      const canonical = canonicalPath(raw);
      if (canonical === null) return;
      // Deno's parser keeps what looks like a drive letter before "..", which the standard asks of file URLs alone.
      if (!DRIVE_LETTER.test(raw)) assert.equal(new URL(`http://h${raw}#`).pathname, canonical);
      assert.equal(new URL(`http://h${canonical}`).href, `http://h${canonical}`);
      assert.equal(canonicalPath(canonical), canonical);
    }),
    { numRuns: 5000 },
  );
});

Deno.test("a canonical query is what fetch's URL parser makes of the raw one, and it does not change it again", () => {
  fc.assert(
    fc.property(anyText, (raw) => {
      const canonical = canonicalQuery(raw);
      if (canonical === null) return;
      assert.equal(new URL(`http://h/?${raw}#`).href, `http://h/?${canonical}#`);
      assert.equal(canonicalQuery(canonical), canonical);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("a forwarded path is canonical too, so that fetch sends what was decided", () => {
  fc.assert(fc.property(trickyPath, shortPath, fc.constantFrom("", "/v1", "/v1/x"), (raw, rewrite, base) => {
    const path = canonicalPath(raw);
    if (path === null) return;
    const forwarded = forwardedPath(path, rewrite, base);
    assert.equal(new URL(`http://h${forwarded}`).pathname, forwarded);
    assert.ok(forwarded.startsWith(base === "" ? "/" : base));
  }));
});
