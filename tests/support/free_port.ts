/**
 * Finds a loopback port that nothing listens on. Somebody else may take it before it is used, so this is only for programs
 * that can't listen on port 0 and say what they got, and for addresses where nobody shall answer.
 */
export function freePort(hostname = "127.0.0.1"): number {
  const listener = Deno.listen({ hostname, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

/** Tells whether anybody accepts connections at a loopback port. */
export async function isListening(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}
