import assert from "node:assert/strict";
import { chromium, type Page } from "playwright-core";
import { findProgram, testWithPrograms } from "./have_program.ts";

/** What a page did that no page of sluice's may do, collected from its first moment. */
export interface Misdeeds {
  /** Errors and warnings on the console, script errors, and violations of the content security policy. */
  readonly complaints: string[];
  /** Requests to anywhere but the page's own origin. */
  readonly strangers: string[];
  /** Complaints that the test brings about itself (a server that is stopped, say). */
  readonly expected: RegExp[];
}

/** How the browser stands. */
export interface BrowserOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: "light" | "dark";
  /** Takes certificates of an authority that it does not know. */
  readonly trustsAll?: boolean;
}

/** Nothing of Chromium's own goes out: it neither looks for updates nor resolves any name. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/** Declares a test that needs Debian's Chromium; it is skipped, and says so, if that is not installed. */
export function browserTest(title: string, run: () => Promise<void>): void {
  testWithPrograms(["chromium"], title, run);
}

/**
 * Opens a URL in a new browser with a new profile and runs `use` on the page. Fails when the page complained on the
 * console or asked another origin for something.
 */
export async function withPage(
  url: string,
  use: (page: Page, misdeeds: Misdeeds) => Promise<void>,
  options: BrowserOptions = {},
): Promise<void> {
  const browser = await chromium.launch({ executablePath: findProgram("chromium")!, args: ARGUMENTS });
  try {
    const context = await browser.newContext({
      viewport: { width: options.width ?? 1280, height: options.height ?? 900 },
      colorScheme: options.colorScheme ?? "light",
      ignoreHTTPSErrors: options.trustsAll ?? false,
    });
    const page = await context.newPage();
    const misdeeds: Misdeeds = { complaints: [], strangers: [], expected: [] };
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") misdeeds.complaints.push(message.text());
    });
    page.on("pageerror", (error) => misdeeds.complaints.push(String(error)));
    page.on("request", (request) => {
      const to = new URL(request.url());
      if (to.protocol !== "data:" && to.origin !== new URL(url).origin) misdeeds.strangers.push(request.url());
    });
    await page.goto(url);
    await use(page, misdeeds);
    const unexpected = misdeeds.complaints.filter((text) => !misdeeds.expected.some((pattern) => pattern.test(text)));
    assert.deepEqual(unexpected, []);
    assert.deepEqual(misdeeds.strangers, []);
  } finally {
    await browser.close();
  }
}
