/** Directories that a program may stand in although they are not on everybody's PATH (nginx, dnsmasq). */
const MORE_DIRECTORIES = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

/** Where a program stands, or null if it is not installed. */
export function findProgram(name: string): string | null {
  const directories = [...(Deno.env.get("PATH") ?? "").split(":"), ...MORE_DIRECTORIES];
  for (const directory of directories) {
    if (directory === "") continue;
    try {
      const path = `${directory}/${name}`;
      const info = Deno.statSync(path);
      if (info.isFile && ((info.mode ?? 0) & 0o111) !== 0) return path;
    } catch {
      // not there
    }
  }
  return null;
}

/**
 * Tells which programs are missing. With `SLUICE_TEST_PROGRAMS=required`, as `.ci/run` sets it after it has installed
 * them, a missing one is an error: there, no test may be skipped.
 */
export function missingOf(...programs: string[]): string[] {
  const missing = programs.filter((name) => findProgram(name) === null);
  if (missing.length > 0 && Deno.env.get("SLUICE_TEST_PROGRAMS") === "required") {
    throw new Error(`SLUICE_TEST_PROGRAMS=required, but not installed: ${missing.join(", ")}`);
  }
  return missing;
}

/**
 * Declares a test that needs programs which are not part of sluice. If one is missing, the test is skipped, its title
 * says why, and the closing count says so too.
 */
export function testWithPrograms(
  programs: readonly string[],
  title: string,
  run: (t: Deno.TestContext) => void | Promise<void>,
  options: Pick<Deno.TestDefinition, "sanitizeResources"> = {},
): void {
  const missing = missingOf(...programs);
  Deno.test({
    name: missing.length === 0 ? title : `${title} (skipped: ${missing.join(", ")} not installed)`,
    ignore: missing.length > 0,
    fn: run,
    ...options,
  });
}
