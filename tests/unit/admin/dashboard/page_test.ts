import assert from "node:assert/strict";
import { targetColumns } from "../../../../src/admin/dashboard/client/columns.js";
import { formatCount, formatMs, formatShare, formatSpan } from "../../../../src/admin/dashboard/client/format.js";
import { eligibility } from "../../../../src/admin/dashboard/client/group_section.js";
import {
  isTroubled,
  shownState,
  sinceText,
  targetDetail,
  targetHash,
} from "../../../../src/admin/dashboard/client/target_row.js";
import { dashboardPage } from "../../../../src/admin/dashboard/page.ts";
import { NUMBER_NAMES } from "../../../../src/admin/live/live_numbers.ts";
import { dashboardScript } from "../../../../src/admin/dashboard/script.ts";

Deno.test("numbers are short, and none that is above 0 reads as 0", () => {
  assert.deepEqual([0, 7, 12.34, 999, 1234, 5_600_000, 7.8e9].map(formatCount), [
    "0",
    "7",
    "12.3",
    "999",
    "1.23k",
    "5.6M",
    "7.8G",
  ]);
  assert.deepEqual([0, 0.0004, 0.001, 0.05, 0.5, 1].map(formatShare), [
    "0 %",
    "<0.1 %",
    "0.1 %",
    "5.0 %",
    "50 %",
    "100 %",
  ]);
  assert.deepEqual([null, 0.42, 12.34, 123.4, 1234, 12_340].map(formatMs), [
    "–",
    "0.42",
    "12.3",
    "123",
    "1.23 s",
    "12.3 s",
  ]);
  assert.deepEqual([-5, 8000, 150_000, 5 * 3600_000, 50 * 3600_000].map(formatSpan), [
    "0 s",
    "8 s",
    "3 min",
    "5 h",
    "2 d",
  ]);
});

Deno.test("a target that is out says for how long, and when it will be asked or taken again", () => {
  const record = { state: "unhealthy", sinceMs: 0, nextProbeMs: 65_000, ejectedUntilMs: null as number | null };
  assert.equal(sinceText(record, 60_000), "for 60 s · next probe in 5 s");
  assert.equal(sinceText(record, 66_000), "for 66 s · probe due");
  assert.equal(sinceText({ ...record, state: "ejected", ejectedUntilMs: 90_000 }, 60_000), "for 60 s · back in 30 s");
  assert.equal(sinceText({ ...record, state: "healthy" }, 60_000), "for 60 s");
});

Deno.test("a group is green only if all of its targets were probed, and red if none is eligible", () => {
  const records = (...states: string[]) => states.map((state) => ({ state }));
  const group = { resolved: true, checked: true, failOpen: false };
  const levelOf = (change: Partial<typeof group>, ...states: string[]) => {
    const { text, level } = eligibility({ ...group, ...change }, records(...states));
    return `${text}: ${level}`;
  };
  assert.equal(levelOf({}, "healthy", "healthy"), "2 of 2 eligible: good");
  assert.equal(levelOf({}, "healthy", "unhealthy"), "1 of 2 eligible: warn");
  assert.equal(levelOf({}, "unhealthy", "draining"), "0 of 2 eligible: bad");
  assert.equal(levelOf({ failOpen: true }, "unhealthy"), "0 of 1 eligible, failing open: bad");
  assert.equal(levelOf({}), "0 of 0 eligible: bad");
  assert.equal(levelOf({ resolved: false }), "never resolved: bad");
  assert.equal(levelOf({ checked: false }, "healthy", "healthy"), "2 of 2 eligible: calm");
});

Deno.test("a target without checks is unchecked, not healthy, and one whose probes begin to fail is troubled", () => {
  const record = { state: "healthy", reason: null as string | null, errorRate: 0 };
  assert.equal(shownState({ record, checked: true }), "healthy");
  assert.equal(shownState({ record, checked: false }), "unchecked");
  assert.equal(shownState({ record: { ...record, state: "ejected" }, checked: false }), "ejected");
  assert.equal(isTroubled({ record }), false);
  assert.equal(
    isTroubled({ record: { ...record, reason: "1 of 2 probes failed (got 404), out at 12:00:30 UTC" } }),
    true,
  );
});

Deno.test("what the address does not say stands below it", () => {
  const shape = { target: "https://10.0.0.1:443/v1", address: "10.0.0.1:443", host: "api.internal", weight: 2.5 };
  assert.equal(targetDetail(shape), "api.internal · https · /v1 · weight 2.5");
  assert.equal(targetDetail({ target: "http://10.0.0.1:80", address: "10.0.0.1:80", host: "10.0.0.1", weight: 1 }), "");
});

Deno.test("every number that a column of targets reads is one that the server sends", () => {
  for (const { text, bad, label } of targetColumns()) {
    const read = new Set<string>();
    const record = new Proxy({}, {
      get: (_, name) => {
        read.add(String(name));
        return 0.5;
      },
    });
    assert.equal(typeof text(record as never), "string", label);
    bad?.(record as never);
    assert.ok(read.size > 0, label);
    for (const name of read) assert.ok((NUMBER_NAMES as readonly string[]).includes(name), `${label} reads ${name}`);
  }
});

Deno.test("a link to a target survives any name of a group", () => {
  assert.equal(targetHash("a/b #c", "[::1]:80"), "#target=a%2Fb%20%23c/%5B%3A%3A1%5D%3A80");
});

Deno.test("the page's script has every function of its folder once, and uses nothing else", async () => {
  const names = [...dashboardScript.matchAll(/^(?:async )?function (\w+)/gm)].map(([, name]) => name!);
  const folder = new URL("../../../../src/admin/dashboard/client/", import.meta.url);
  const declared: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    const source = await Deno.readTextFile(new URL(name, folder));
    declared.push(...[...source.matchAll(/^(?:export )?(?:async )?function (\w+)/gm)].map(([, found]) => found!));
    // A constant or a class outside of the functions would not get into the page.
    assert.doesNotMatch(source, /^(export )?(const|let|var|class) /m, name);
    for (const [, from] of source.matchAll(/^import .* from "(.*)"/gm)) assert.match(from!, /^\.\/\w+\.js$/, name);
  }
  assert.deepEqual(names.toSorted(), declared.toSorted());
  assert.equal(new Set(names).size, names.length);
  // Parsed, not run: there is no page here.
  assert.doesNotThrow(() => new Function(dashboardScript));
});

Deno.test("the page refers to nothing outside of itself", () => {
  const withoutNamespaces = dashboardPage.html.replaceAll("data:,", "");
  assert.doesNotMatch(withoutNamespaces, /(src|href|action)="(?!#)[^"]|@import|url\(|https?:\/\//);
});
