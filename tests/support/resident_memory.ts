/** Memory that a process holds now, or held at most since {@linkcode forgetPeak}. */
export function residentKib(pid: number, which: "VmRSS" | "VmHWM"): number {
  return Number(new RegExp(`${which}:\\s+(\\d+) kB`).exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]);
}

/** Makes `VmHWM` begin anew (proc(5), clear_refs). */
function forgetPeak(pid: number): void {
  Deno.writeTextFileSync(`/proc/${pid}/clear_refs`, "5");
}

/** Does `work` and tells how much more memory the process held at most than before. */
export async function addedKib(pid: number, work: () => Promise<void>): Promise<number> {
  forgetPeak(pid);
  const beforeKib = residentKib(pid, "VmRSS");
  await work();
  return residentKib(pid, "VmHWM") - beforeKib;
}
