/** Says why a file can't be read, with a line for each mistake in it. */
export class ImportError extends Error {
  /** `site.conf:12: Expected ";" after "listen 80"`, in the order of the text. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "ImportError";
    this.problems = problems;
  }
}
