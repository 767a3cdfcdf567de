import assert from "node:assert/strict";
import { type HeaderEditsConfig, NO_HEADER_EDITS } from "../../../../src/config/header_edits.ts";
import { compileEdits } from "../../../../src/data_plane/chain/header_edits.ts";
import { TrustedProxies } from "../../../../src/forwarding/headers/client_address.ts";
import { TextLines } from "../../../../src/http1/field_lines.ts";
import { makeTarget } from "../../../support/target_group.ts";

const request = {
  host: "Shop.Example:8443",
  path: "/a/b",
  query: "?c=d",
  peer: "10.0.0.9",
  protocol: "http" as const,
  requestId: "id-1",
  header: (name: string) => name === "x-forwarded-for" ? "198.51.100.7, 203.0.113.5" : null,
};
const settings = {
  listenerPort: () => "8080",
  trusted: new TrustedProxies(["10.0.0.0/8"]),
  scheme: () => "https" as const,
};
const target = makeTarget(0, { address: "10.0.0.1", port: 81 });

/** The lines that a request and a response of rule 7 have after the edits, of what came and what is sluice's own. */
function edited(
  listener: Partial<HeaderEditsConfig>,
  ofRule: Partial<HeaderEditsConfig> = {},
  came: [string, string][] = [["a", "1"], ["b", "2"], ["a", "3"]],
) {
  const headers = { ...NO_HEADER_EDITS, ...ofRule };
  const edits = compileEdits({ ...NO_HEADER_EDITS, ...listener }, [{ number: 7, headers }], settings)!.ofRules.get(7)!;
  const apply = (which: typeof edits.request) => {
    const lines = new TextLines();
    for (const [name, value] of came) lines.add(name, value);
    const own = which?.apply({ lines, own: [["Via", "1.1 x"], ["X-Own", "9"]] }, request, target) ?? null;
    const left = came.filter((_, line) => !lines.isDropped(line));
    return own === null ? null : [...left, ...own].map(([name, value]) => `${name}: ${value}`);
  };
  return { request: apply(edits.request), response: apply(edits.response) };
}

const line = (name: string, value = "x") => ({ name, value });

Deno.test("without any change nothing is compiled, and requests and responses are changed apart", () => {
  assert.equal(compileEdits(NO_HEADER_EDITS, [{ number: 1, headers: NO_HEADER_EDITS }], settings), null);
  assert.deepEqual(edited({ requestRemove: ["b"] }), {
    request: ["a: 1", "a: 3", "Via: 1.1 x", "X-Own: 9"],
    response: null,
  });
});

Deno.test(
  "a line that is set takes the place of all of its name, sluice's own too; a name given twice makes two",
  () => {
    assert.deepEqual(edited({ requestSet: [line("A", "4"), line("x-own", "5"), line("a", "6")] }).request, [
      "b: 2",
      "Via: 1.1 x",
      "A: 4",
      "a: 6",
      "x-own: 5",
    ]);
  },
);

Deno.test("a rule's changes come after the listener's, whatever they are", () => {
  const both = (listener: Partial<HeaderEditsConfig>, ofRule: Partial<HeaderEditsConfig>) =>
    edited(listener, ofRule, []).response!.slice(1);
  const set = (value: string) => ({ responseSet: [line("X", value)] });
  assert.deepEqual(both(set("listener"), set("rule")), ["X-Own: 9", "X: rule"]);
  assert.deepEqual(both(set("listener"), { responseRemove: ["x"] }), ["X-Own: 9"]);
  assert.deepEqual(both({ responseRemove: ["x"] }, set("rule")), ["X-Own: 9", "X: rule"]);
  assert.deepEqual(both({ responseRemove: ["x", "x-own"], ...set("1") }, {}), ["X: 1"]);
  assert.deepEqual(both(set("listener"), {}), ["X-Own: 9", "X: listener"]);
});

Deno.test("placeholders stand for parts of the request, its id, its client and its target", () => {
  const value = "#{protocol} #{host} #{port} #{path} #{query} #{client_ip} #{request_id} #{target} #x{y}";
  assert.equal(
    edited({ requestSet: [line("X", value)] }, {}, []).request!.at(-1),
    "X: https shop.example 8080 a/b c=d 203.0.113.5 id-1 10.0.0.1:81 #x{y}",
  );
  const edits = compileEdits({ ...NO_HEADER_EDITS, responseSet: [line("X", "[#{target}]")] }, [], settings)!;
  assert.deepEqual(edits.listener.response!.apply({ lines: null, own: [] }, request, null), [["X", "[]"]]);
  assert.equal(edits.listener.response!.ofTarget, true);
});
