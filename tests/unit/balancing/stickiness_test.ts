import assert from "node:assert/strict";
import { Stickiness } from "../../../src/balancing/stickiness.ts";
import { makeGroup } from "../../support/target_group.ts";

const group = makeGroup([1, 1, 1], { name: "shop" });
const config = { applicationCookie: null, cookieName: "sluice-test", ttlMs: 86_400_000, secret: "secret" };

function pairOf(setCookie: string): string {
  return setCookie.slice(0, setCookie.indexOf(";"));
}

Deno.test("a cookie brings its client back to its target", () => {
  const stickiness = new Stickiness(group, config);
  for (const target of group.targets) {
    const pair = pairOf(stickiness.setCookie(target, false));
    assert.equal(stickiness.pinned(pair), target);
    assert.equal(stickiness.pinned(`a=1; ${pair}; b=2`), target);
    assert.equal(stickiness.pinned(`a=1;${pair} ;b`), target);
    assert.equal(stickiness.pinned(pair.replace("=", '="') + '"'), target);
  }
});

Deno.test("the cookie says nothing of the target and has the attributes that were promised", () => {
  const cookie = new Stickiness(group, config).setCookie(group.targets[1]!, false);
  assert.match(cookie, /^sluice-test=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax$/);
  const session = new Stickiness(group, { ...config, ttlMs: 0 });
  assert.match(session.setCookie(group.targets[0]!, false), /^[^;]+; Path=\/; HttpOnly; SameSite=Lax$/);
});

Deno.test("the cookie of a client that came by TLS is Secure", () => {
  const stickiness = new Stickiness(group, config);
  const [target] = group.targets;
  assert.equal(stickiness.setCookie(target!, true), `${stickiness.setCookie(target!, false)}; Secure`);
});

Deno.test("a cookie can't be forged, taken from another group, or kept past another secret", () => {
  const stickiness = new Stickiness(group, config);
  const pair = pairOf(stickiness.setCookie(group.targets[0]!, false));
  assert.equal(stickiness.pinned("sluice-test=http://10.0.0.0:80"), null);
  assert.equal(stickiness.pinned(`${pair}x`), null);
  assert.equal(stickiness.pinned(pair.slice(0, -1)), null);
  assert.equal(new Stickiness({ ...group, name: "other" }, config).pinned(pair), null);
  assert.equal(new Stickiness(group, { ...config, secret: "another" }).pinned(pair), null);
});

Deno.test("replicas with one secret accept each other's cookies, whatever slots their targets have", () => {
  const replica = new Stickiness({
    ...group,
    targets: group.targets.map((target) => ({ ...target, slot: 99 - target.slot })),
  }, config);
  const pinned = replica.pinned(pairOf(new Stickiness(group, config).setCookie(group.targets[2]!, false)));
  assert.equal(pinned?.address, group.targets[2]!.address);
});

Deno.test("of several cookies of that name the first valid one counts", () => {
  const stickiness = new Stickiness(group, config);
  const [one, other] = [0, 1].map((index) => pairOf(stickiness.setCookie(group.targets[index]!, false)));
  assert.equal(stickiness.pinned(`sluice-test=stale; ${other}; ${one}`), group.targets[1]);
});

Deno.test("a cookie whose name only ends or begins alike, or whose value holds the name, is not taken for ours", () => {
  const stickiness = new Stickiness(group, config);
  const pair = pairOf(stickiness.setCookie(group.targets[0]!, false));
  for (
    const header of [
      null,
      "",
      `x${pair}`,
      `a=${pair}`,
      `x ${pair}`,
      pair.replace("=", "2="),
      "sluice-test",
      "sluice-test=",
    ]
  ) {
    assert.equal(stickiness.pinned(header), null, String(header));
  }
  assert.equal(stickiness.pinned(`sluice-testsluice-test=1; ${pair}`), group.targets[0]);
});

Deno.test("pinning without a secret is refused", () => {
  const bare = { ...config, secret: null };
  assert.throws(() => new Stickiness(group, bare), /Cannot pin clients of group "shop": it has no secret/);
});
