/**
 * TypeScript without its comments and without what stands in quotes, so that a search finds code and not talk about
 * code. Line breaks stay, so that line numbers do too. Template literals stay as they are: code can stand in them.
 */
export function codeOf(source: string): string {
  return source.replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g,
    (found) => found[0] === "/" ? found.replace(/[^\n]/g, "") : `${found[0]}${found[0]}`,
  );
}

/** The numbers of the lines (from 1) where `pattern` occurs. */
export function linesWith(code: string, pattern: RegExp): number[] {
  return code.split("\n").flatMap((line, i) => pattern.test(line) ? [i + 1] : []);
}
