import v8 from "node:v8";
import vm from "node:vm";

v8.setFlagsFromString("--expose-gc");
const collectGarbage: () => void = vm.runInNewContext("gc");

/**
 * Does `work` and tells how many more bytes of the heap are held after it than before: what garbage there is does not
 * count.
 */
export function heldBytes(work: () => void): number {
  collectGarbage();
  const before = Deno.memoryUsage().heapUsed;
  work();
  collectGarbage();
  return Deno.memoryUsage().heapUsed - before;
}
