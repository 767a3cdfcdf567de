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

/** What a test that needs programs may say beside its title. */
export interface ProgramTestOptions extends Pick<Deno.TestDefinition, "sanitizeResources"> {
  /** Why it can't run here even with its programs; null, the default, if it can. */
  readonly skippedFor?: string | null;
}

/**
 * Declares a test that needs programs which are not part of sluice. If one is missing, or something else that the test
 * needs is, the test is skipped, its title says why, and the closing count says so too.
 */
export function testWithPrograms(
  programs: readonly string[],
  title: string,
  run: (t: Deno.TestContext) => void | Promise<void>,
  { skippedFor = null, ...options }: ProgramTestOptions = {},
): void {
  const missing = missingOf(...programs);
  const reason = missing.length > 0 ? `${missing.join(", ")} not installed` : skippedFor;
  Deno.test({
    name: reason === null ? title : `${title} (skipped: ${reason})`,
    ignore: reason !== null,
    fn: run,
    ...options,
  });
}
