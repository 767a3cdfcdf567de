/** What the numbers were measured on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly kernel: string;
  readonly deno: string;
  readonly others: readonly string[];
}

/** Reads what the machine says of itself. */
export async function machine(): Promise<Machine> {
  const cpu = /^Model name:\s*(.*)$/m.exec(await output("lscpu", []))?.[1] ?? "unknown";
  const versions = [
    first(/nginx\/[\d.]+/, await output("nginx", ["-v"])),
    first(/HAProxy version [\d.]+/, await output("haproxy", ["-v"])),
    first(/^v?[\d.]+/m, await output("caddy", ["version"]), "Caddy "),
    first(/wrk [\w.\-]+/, await output("wrk", ["-v"])),
    first(/^v[\d.]+/m, await output("node", ["-v"]), "Node "),
  ];
  return {
    cpu,
    cores: navigator.hardwareConcurrency,
    memoryGigabytes: Math.round(Deno.systemMemoryInfo().total / 1e9),
    kernel: Deno.osRelease(),
    deno: Deno.version.deno,
    others: versions.filter((version) => version !== ""),
  };
}

/** One line for a reader. */
export function machineLine(m: Machine): string {
  return `${m.cpu}, ${m.cores} cores, ${m.memoryGigabytes} GB, Linux ${m.kernel}, Deno ${m.deno}, ${
    m.others.join(", ")
  }`;
}

function first(pattern: RegExp, text: string, label = ""): string {
  const found = pattern.exec(text)?.[0];
  return found === undefined ? "" : label + found;
}

async function output(program: string, args: string[]): Promise<string> {
  try {
    const { stdout, stderr } = await new Deno.Command(program, { args, env: { LC_ALL: "C" } }).output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  } catch {
    return "";
  }
}
