/** Where `/proc/net/tcp` has its columns, and how it writes an address of 127.0.0.1. */
const LOCAL = 1;
const REMOTE = 2;
const QUEUES = 4;
const LOOPBACK = "0100007F";

/**
 * Says how many bytes of a connection over loopback the system has taken of the end at port `from` and not yet brought
 * to the end at port `to`: above 0 for long only if `to` is not read and takes no more.
 */
export function bytesUnderWay(from: number, to: number): number {
  const [local, remote] = [from, to].map((port) => `${LOOPBACK}:${port.toString(16).toUpperCase().padStart(4, "0")}`);
  for (const line of Deno.readTextFileSync("/proc/net/tcp").split("\n")) {
    const fields = line.trim().split(/\s+/);
    if (fields[LOCAL] === local && fields[REMOTE] === remote) return parseInt(fields[QUEUES]!.split(":")[0]!, 16);
  }
  return 0;
}
