/** An empty directory of its own that disappears at the end of its scope (`await using`). */
export interface TempDir extends AsyncDisposable {
  readonly path: string;
}

/** Makes an empty temporary directory. */
export async function tempDir(): Promise<TempDir> {
  const path = await Deno.makeTempDir({ prefix: "sluice-test-" });
  return {
    path,
    async [Symbol.asyncDispose]() {
      await Deno.remove(path, { recursive: true });
    },
  };
}
