/** The dashboard's panels of rules and of TLS. */
import assert from "node:assert/strict";
import { prefixRule } from "../../src/config/rule.ts";
import type { RuleSnapshot } from "../../src/state/group_snapshot.ts";
import { AdminListener } from "../support/admin_listener.ts";
import { browserTest, withPage } from "../support/browser.ts";
import { FakeAdminSource } from "../support/fake_admin_source.ts";
import { until } from "../support/poll.ts";

const DAY_MS = 86_400_000;

/** The texts of the lines of a list, blanks as one space. */
const TEXTS = (rows: any[]) => rows.map((row) => row.innerText.replace(/\s+/g, " ").trim());

/** A rule for the slot behind those that are there. */
function rule(source: FakeAdminSource, change: Partial<RuleSnapshot>): RuleSnapshot {
  const slot = source.rules.length + 1;
  return { ...prefixRule(slot, { prefix: `/${slot}`, group: "web" }), slot, ...change };
}

browserTest("the rules are listed with what they take and do, and how many requests and errors each has", async () => {
  const source = new FakeAdminSource({ web: 1, api: 1 });
  source.rules.push(rule(source, {
    conditions: [],
    action: { kind: "redirect", status: 301, location: "https://#{host}/<b>" },
  }));
  await using listener = new AdminListener(source);
  await withPage(listener.url, async (page) => {
    const rows = page.locator("#rules > li");
    await rows.nth(2).waitFor();
    assert.deepEqual(await rows.evaluateAll(TEXTS), [
      "1 /web → web 0/s",
      "2 /api → api 0/s",
      "3 every request → redirect 301 https://#{host}/<b> 0/s",
    ]);
    await until(
      async () => {
        for (let i = 0; i < 50; i++) source.answer(0, i % 10 === 0 ? 503 : 200, { rule: 1 });
        return /^1 \/web → web 10 % errors [1-9][\d.]*\/s$/.test((await rows.evaluateAll(TEXTS))[0]!);
      },
      "the numbers of the first rule",
      { everyMs: 100 },
    );
    assert.equal((await rows.evaluateAll(TEXTS))[1], "2 /api → api 0/s");
  });
});

browserTest(
  "a reload changes the list of rules on an open page; beyond 200 they are counted, and none hides it",
  async () => {
    const source = new FakeAdminSource({ web: 1 });
    await using listener = new AdminListener(source);
    await withPage(listener.url, async (page) => {
      const rows = page.locator("#rules > li");
      await page.getByText("1 /web → web").waitFor();
      assert.equal(await page.locator("#more-rules").innerText(), "");
      while (source.rules.length < 250) source.rules = [...source.rules, rule(source, {})];
      source.generation++;
      await page.getByText("and 50 more", { exact: true }).waitFor();
      assert.equal(await rows.count(), 200);
      source.rules = source.rules.slice(1, 2);
      source.generation++;
      await until(async () => await rows.count() === 1, "one rule");
      assert.match((await rows.evaluateAll(TEXTS))[0]!, /^2 \/2 → web /);
      assert.equal(await page.locator("#more-rules").innerText(), "");
      source.rules = [];
      source.generation++;
      await page.locator("#rules-panel").waitFor({ state: "hidden" });
    });
  },
);

browserTest("what there is to know of certificates is a line for each, also if it changes", async () => {
  const source = new FakeAdminSource({ web: 1 });
  const [good] = source.tls!.certificates;
  const tls = {
    ...source.tls!,
    certificates: [
      { ...good!, names: ["a.test", "*.a.test"] },
      { ...good!, names: ["b.test"], source: "/etc/b.crt", notAfterMs: source.nowMs - DAY_MS },
      { ...good!, names: ["c.test"], source: "/etc/c.crt", refused: "The key does not belong to the certificate" },
    ],
    orders: [{ name: "d.test", state: "failed" as const, orderedHere: true, error: "<i>no</i>", nextTryMs: 59_500 }],
  };
  source.tls = null;
  await using listener = new AdminListener(source);
  await withPage(listener.url, async (page) => {
    const panel = page.locator("#tls");
    await page.locator(".target").getByText("healthy").waitFor();
    await page.getByText("ready", { exact: true }).waitFor();
    assert.equal(await panel.isVisible(), false);
    source.tls = tls;
    await panel.waitFor();
    assert.deepEqual((await panel.innerText()).split("\n"), [
      "Certificate a.test, *.a.test: 89 days left (/etc/sluice/tls.crt)",
      "Certificate b.test: EXPIRED (/etc/b.crt)",
      "Certificate c.test: 89 days left (/etc/c.crt); REFUSED: The key does not belong to the certificate",
      "ACME d.test: failed: <i>no</i>; next try in 60 s",
    ]);
    source.tls = { ...tls, certificates: tls.certificates.slice(0, 1), orders: [] };
    await until(async () => !(await panel.innerText()).includes("\n"), "one line");
  });
});
