const SLASH = 0x2f;

/**
 * Tells whether `path` lies under `prefix` by whole segments: `/api` holds `/api` and `/api/x`, not `/apix`; `/api/`
 * holds itself and what is below it; `/` holds everything.
 */
export function underPrefix(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  const length = prefix.length;
  return path.length === length || path.charCodeAt(length) === SLASH || prefix.charCodeAt(length - 1) === SLASH;
}
