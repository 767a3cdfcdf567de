if (import.meta.main) Deno.exit(await run(Deno.args));

/**
 * Runs what the arguments ask for; returns the exit code. A server that has no flags needs no parser of flags, which would cost
 * it 4 MB for as long as it lives (docs/performance.md).
 */
async function run(args: readonly string[]): Promise<number> {
  if (args.length === 0 || (args.length === 1 && args[0] === "serve")) {
    const { runServe } = await import("./src/cli/serve.ts");
    return await runServe({});
  }
  const { runProgram } = await import("./src/cli/program.ts");
  return await runProgram(args);
}
