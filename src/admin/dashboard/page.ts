import { createHash } from "node:crypto";
import { dashboardMarkup } from "./markup.ts";
import { dashboardScript } from "./script.ts";
import { dashboardStyle } from "./style.ts";

/**
 * The dashboard: one page with its style and script in it, allowed by their hashes, so that a single answer is
 * everything and nothing else has to be fetched. It is the same for every process: what it shows comes from `/events`.
 */
export const dashboardPage = {
  html: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>sluice</title>
<link rel="icon" href="data:,">
<style>${dashboardStyle}</style>
</head>
<body>
${dashboardMarkup}
<script>${dashboardScript}</script>
</body>
</html>
`,
  scriptHash: sourceHash(dashboardScript),
  styleHash: sourceHash(dashboardStyle),
};

/** The name by which a Content-Security-Policy allows an inline script or style. */
function sourceHash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
