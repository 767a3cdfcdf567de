import fc from "fast-check";

/** The seed of all random tests: fixed, so that the gate repeats; `SLUICE_TEST_SEED=$RANDOM` looks elsewhere. */
export const SEED = Number(Deno.env.get("SLUICE_TEST_SEED") ?? "20261128");

// A property that fails prints the seed and the path to its counterexample.
fc.configureGlobal({ seed: SEED });
