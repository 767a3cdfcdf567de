import assert from "node:assert/strict";
import { AdminListener } from "../support/admin_listener.ts";
import { browserTest, withPage } from "../support/browser.ts";
import { failedDecision, FakeAdminSource } from "../support/fake_admin_source.ts";
import { until } from "../support/poll.ts";

browserTest("a target that goes out is shown with its reason, and back again, without a reload", async () => {
  const source = new FakeAdminSource({ web: 3 });
  await using listener = new AdminListener(source);
  await withPage(listener.url, async (page) => {
    await page.evaluate("window.notReloaded = true");
    const row = page.locator(".target").nth(1);
    await row.getByText("healthy").waitFor();
    source.change("web", 1, { state: "unhealthy", reason: "Target.ConnectionRefused", sinceMs: source.nowMs - 5000 });
    await row.getByText("Target.ConnectionRefused").waitFor();
    assert.match(await row.innerText(), /unhealthy[\s\S]*for 5 s · next probe in 5 s/);
    await page.getByText("2 of 3 eligible").waitFor();
    source.change("web", 1, { state: "healthy", reason: null, sinceMs: source.nowMs });
    await row.getByText("healthy", { exact: true }).waitFor();
    await page.getByText("3 of 3 eligible").waitFor();
    assert.equal(await page.evaluate("window.notReloaded"), true);
  });
});

browserTest("traffic is shown: requests per second, errors, percentiles, and what failed with its reason", async () => {
  const source = new FakeAdminSource({ web: 1 });
  source.lastDecisions = [failedDecision("r-1", { path: "/web/<b>bold</b>" })];
  await using listener = new AdminListener(source);
  await withPage(listener.url, async (page) => {
    await page.locator(".target").getByText("healthy").waitFor();
    const row = page.locator(".target");
    await until(
      async () => {
        for (let i = 0; i < 50; i++) source.answer(0, i % 10 === 0 ? 503 : 200, { ttfbMicros: 20_000 });
        return /attempts\/s\s*[1-9][\s\S]*errors\s*10 %[\s\S]*TTFB ms\s*[12]\d\.\d \//.test(await row.innerText());
      },
      "the numbers of the target",
      { everyMs: 100 },
    );
    source.refuse(0);
    await page.locator("#failures li").getByText("connect_refused", { exact: true }).waitFor();
    assert.match(await page.locator("#failures li").innerText(), /GET \/web\/<b>bold<\/b>/);
  });
});

browserTest("a click drains a target, another takes it back, and the last eligible one asks first", async () => {
  const source = new FakeAdminSource({ web: 2 });
  await using listener = new AdminListener(source);
  await withPage(listener.url, async (page) => {
    await page.getByRole("button", { name: "Drain 10.0.1.0:8080 of web" }).click();
    await page.locator(".target").first().getByText("drained by the operator").waitFor();
    assert.deepEqual(source.calls, ["drain web 10.0.1.0:8080"]);

    const asked: string[] = [];
    page.once("dialog", (dialog) => {
      asked.push(dialog.message());
      return dialog.dismiss();
    });
    await page.getByRole("button", { name: "Drain 10.0.1.1:8080 of web" }).click();
    assert.match(asked[0]!, /last eligible target of web/);
    assert.equal(source.calls.length, 1);

    await page.getByRole("button", { name: "Enable 10.0.1.0:8080 of web" }).click();
    await page.getByRole("button", { name: "Drain 10.0.1.0:8080 of web" }).waitFor();
    assert.equal(source.calls.at(-1), "enable web 10.0.1.0:8080");
  });
});

browserTest("everything can be done from the keyboard, and the focus is always seen", async () => {
  const source = new FakeAdminSource({ web: 2, api: 2 });
  await using listener = new AdminListener(source);
  await withPage(listener.url, async (page) => {
    await page.getByText("10.0.2.1:8080").waitFor();
    const focused = () =>
      page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.id");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate("document.activeElement.textContent"), "Skip to the targets");
    assert.equal(await page.locator(".skip").evaluate((link: any) => link.getBoundingClientRect().left >= 0), true);
    await page.keyboard.press("Enter");
    await until(async () => await focused() === "groups", "the focus on the targets");

    await page.keyboard.press("/");
    assert.equal(await focused(), "search");
    await page.keyboard.type("api 10.0.2.1");
    await until(async () => await page.locator(".target:visible").count() === 1, "one target found");
    assert.equal(await page.locator("#found").innerText(), "1 found");

    const walked: string[] = [];
    while (await focused() !== "Drain 10.0.2.1:8080 of api") {
      await page.keyboard.press("Tab");
      walked.push(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle"));
      assert.ok(walked.length < 10, "Tab reaches the button");
    }
    assert.deepEqual([...new Set(walked)], ["solid"]);
    await page.keyboard.press("Enter");
    await until(() => source.calls.includes("drain api 10.0.2.1:8080"), "the drain");
    // The list is redrawn each second; the focus stays where it was.
    await until(async () => await focused() === "Enable 10.0.2.1:8080 of api", "the focus on the same button");
  });
});

browserTest("a group named <script> stays text, and no name can become markup", async () => {
  const source = new FakeAdminSource({ "<script>alert(1)</script>": 1, '"><img src=x onerror=alert(2)>': 1 });
  source.change("<script>alert(1)</script>", 0, { state: "unhealthy", reason: "<img src=x onerror=alert(3)>" });
  await using listener = new AdminListener(source);
  await withPage(listener.url, async (page) => {
    let dialogs = 0;
    page.on("dialog", (dialog) => {
      dialogs++;
      return dialog.dismiss();
    });
    await page.getByRole("heading", { name: "<script>alert(1)</script>" }).waitFor();
    await page.getByText("<img src=x onerror=alert(3)>").waitFor();
    assert.equal(await page.locator("main img, main script").count(), 0);
    assert.equal(dialogs, 0);
    await page.getByRole("button", { name: /^Drain .* onerror/ }).focus();
  });
});

for (const colorScheme of ["light", "dark"] as const) {
  browserTest(`the page can be read on a phone, 390 pixels wide, in ${colorScheme} colours`, async () => {
    const source = new FakeAdminSource({ web: 3, ["a-group-with-a-very-long-name".repeat(4)]: 2 });
    source.change("web", 0, { state: "ejected", reason: "Target.ConnectionRefused".repeat(5) });
    source.change("web", 1, { state: "draining" });
    source.change("web", 2, { state: "unhealthy" });
    source.lastDecisions = [failedDecision("x", { path: "/" + "long".repeat(100) })];
    await using listener = new AdminListener(source);
    await withPage(listener.url, async (page) => {
      // A row is written when it comes into sight.
      await page.locator(".target").first().scrollIntoViewIfNeeded();
      await page.getByText("ejected", { exact: true }).waitFor();
      source.refuse(0);
      await page.locator("#failures li").waitFor();
      assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 390);
      const dark = await page.evaluate("getComputedStyle(document.body).backgroundColor") === "rgb(15, 19, 24)";
      assert.equal(dark, colorScheme === "dark");
      // WCAG 2.2, success criterion 1.4.3: 4.5 to 1 for text of this size.
      const faint = await page.evaluate(FAINT_TEXT);
      assert.deepEqual(faint, []);
      // Success criterion 2.5.8: a finger hits 24 pixels.
      const heights = await page.locator("button:visible").evaluateAll((buttons: any[]) =>
        buttons.map((button) => button.getBoundingClientRect().height)
      );
      assert.ok(Math.min(...heights) >= 24);
    }, { width: 390, height: 844, colorScheme });
  });
}

/** Finds text whose contrast with what is behind it is below 4.5; runs in the page. */
const FAINT_TEXT = `(() => {
  const channels = (color) => color.match(/[0-9.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = channels(color).map((c) => c / 255)
      .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (!/, 0\\)$/.test(color)) return color;
    }
  };
  return [...document.querySelectorAll("main *, header *")]
    .filter((e) => e.checkVisibility())
    .filter((e) => [...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ""))
    .map((e) => {
      const [a, b] = [luminance(getComputedStyle(e).color), luminance(behind(e))];
      return { text: e.textContent, ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) };
    })
    .filter(({ ratio }) => ratio < 4.5);
})()`;

browserTest("with 1000 targets the page shows all, finds one, and an address leads to it", async () => {
  const source = new FakeAdminSource({ web: 500, api: 500 });
  await using listener = new AdminListener(source);
  const hash = `#target=${encodeURIComponent("api")}/${encodeURIComponent("10.1.2.187:8080")}`;
  await withPage(listener.url + hash, async (page) => {
    await page.locator(".target").nth(999).waitFor({ state: "attached" });
    assert.equal(await page.locator(".target").count(), 1000);
    const wanted = page.locator(".target.wanted");
    await until(() =>
      wanted.evaluate((row: any) => {
        const { top, bottom } = row.getBoundingClientRect();
        return top >= 0 && bottom <= (globalThis as any).innerHeight;
      }), "the wanted target in sight");
    assert.match(await wanted.innerText(), /10\.1\.2\.187:8080[\s\S]*for 60 s/);

    // A row out of sight is not written; it is when it comes into sight.
    assert.equal(await page.locator(".target").first().locator(".why").textContent().then((text) => text?.trim()), "");
    await page.locator("#search").fill("10.0.1.7:8080");
    await until(async () => await page.locator(".target:visible").count() === 1, "one target");
    await page.locator(".target:visible").getByText("for 60 s").waitFor();

    source.change("web", 400, { state: "ejected", reason: "Target.Timeout" });
    await page.locator("#search").fill("");
    await page.getByLabel("only troubled").check();
    await page.getByText("Target.Timeout").waitFor();
    assert.equal(await page.locator(".target:visible").count(), 1);
  });
});

browserTest("a page that lost its server says so, and goes on by itself when the server is back", async () => {
  const source = new FakeAdminSource({ web: 1 });
  await using first = new AdminListener(source);
  await withPage(first.url, async (page, misdeeds) => {
    misdeeds.expected.push(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING/);
    await page.getByText("live", { exact: true }).waitFor();
    await first[Symbol.asyncDispose]();
    await page.getByText(/^disconnected at .*trying again/).waitFor();
    source.change("web", 0, { state: "draining" });
    await using _second = new AdminListener(source, { port: first.port });
    await page.getByText("live", { exact: true }).waitFor();
    await page.locator(".target").getByText("draining").waitFor();
  });
});

browserTest(
  "with ADMIN_TOKEN set the page asks for it, refuses a wrong one, and keeps the right one for the tab",
  async () => {
    const source = new FakeAdminSource({ web: 2 });
    await using listener = new AdminListener(source, { token: "open sesame" });
    await withPage(listener.url, async (page, misdeeds) => {
      misdeeds.expected.push(/status of 401/);
      await page.getByLabel("ADMIN_TOKEN of this sluice").fill("open barley");
      await page.keyboard.press("Enter");
      await page.getByText("That token was refused.").waitFor();
      assert.equal(await page.locator(".target").count(), 0);
      await page.getByLabel("ADMIN_TOKEN of this sluice").fill("open sesame");
      await page.keyboard.press("Enter");
      await page.locator(".target").first().getByText("healthy").waitFor();
      await page.reload();
      await page.getByRole("button", { name: "Drain 10.0.1.1:8080 of web" }).click();
      await page.locator(".target").nth(1).getByText("drained by the operator").waitFor();
      assert.equal(page.url(), listener.url);
    });
  },
);
