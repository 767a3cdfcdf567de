import type { TempDir } from "./temp_dir.ts";
import { PROJECT_ROOT } from "./sluice_program.ts";

/** One document of a YAML file for Kubernetes. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Record<string, string> };
  // What else there is depends on the kind, and is the compiler's to check.
  // deno-lint-ignore no-explicit-any
  readonly [field: string]: any;
}

/**
 * Checks manifests against Kubernetes' own schemas, as the types that `kubernetes-models` makes of them: as TypeScript
 * literals, so that a field which does not exist is found and not only one of the wrong type. Returns what the compiler
 * says.
 */
export async function checkManifests(manifests: readonly Manifest[], dir: TempDir): Promise<string> {
  const lines = manifests.flatMap((manifest, i) => [
    `import type { I${manifest.kind} as T${i} } from "kubernetes-models/${manifest.apiVersion}/${manifest.kind}";`,
    `export const m${i}: T${i} = ${JSON.stringify(manifest, null, 2)};`,
  ]);
  const file = `${dir.path}/manifests.ts`;
  await Deno.writeTextFile(file, lines.join("\n"));
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--config", `${PROJECT_ROOT}deno.json`, "--frozen", file],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  return success ? "" : new TextDecoder().decode(stderr);
}
