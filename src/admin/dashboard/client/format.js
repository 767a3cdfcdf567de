// Runs in the browser: script.ts puts the functions of this folder into the page, one after the other.

/** Shortens a count: 999, 12.3k, 4.56M. Null is a dash. */
export function formatCount(value) {
  if (value === null || value === undefined) return "–";
  if (value < 1000) return Number.isInteger(value) ? String(value) : value.toFixed(1);
  const [divisor, unit] = value < 1e6 ? [1e3, "k"] : value < 1e9 ? [1e6, "M"] : [1e9, "G"];
  return Number((value / divisor).toPrecision(3)) + unit;
}

/** Shows a share as a percentage; a share above 0 never reads as 0. Null is a dash. */
export function formatShare(share) {
  if (share === null || share === undefined) return "–";
  if (share === 0) return "0 %";
  const percent = share * 100;
  return percent < 0.1 ? "<0.1 %" : (percent < 10 ? percent.toFixed(1) : percent.toFixed(0)) + " %";
}

/** Shows milliseconds with three digits: 0.42, 12.3, 1.20 s. Null is a dash. */
export function formatMs(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms >= 10000) return (ms / 1000).toFixed(1) + " s";
  if (ms >= 1000) return (ms / 1000).toFixed(2) + " s";
  return ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2);
}

/** Shows how long something takes or took: 8 s, 3 min, 5 h, 2 d. */
export function formatSpan(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 100) return seconds + " s";
  if (seconds < 100 * 60) return Math.round(seconds / 60) + " min";
  if (seconds < 48 * 3600) return Math.round(seconds / 3600) + " h";
  return Math.round(seconds / 86400) + " d";
}

/** Shows the time of day where the browser is. */
export function formatTime(wallMs) {
  return new Date(wallMs).toLocaleTimeString(undefined, { hour12: false });
}
