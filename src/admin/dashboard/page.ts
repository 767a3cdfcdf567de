import { createHash } from "node:crypto";

const SCRIPT = "";
const STYLE = "body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem }";

/** The dashboard: one page with its style and script in it, allowed by their hashes. It holds nothing of this process. */
export const dashboardPage = {
  html: `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>sluice</title>
<style>${STYLE}</style>
<h1>sluice</h1>
<ul>
<li><a href="/lb/stats">Statistics</a>
<li><a href="/metrics">Metrics</a>
<li><a href="/config">Configuration</a>
<li><a href="/decisions">Decisions</a>
</ul>
`,
  scriptHash: sourceHash(SCRIPT),
  styleHash: sourceHash(STYLE),
};

/** The name by which a Content-Security-Policy allows an inline script or style. */
function sourceHash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
