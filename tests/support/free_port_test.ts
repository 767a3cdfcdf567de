import assert from "node:assert/strict";
import { freePort } from "./free_port.ts";

/** Asks for ports in a thread of its own, as `deno test --parallel` does. */
async function portsOfThread(count: number): Promise<number[]> {
  const script = `
    import { freePort } from ${JSON.stringify(new URL("./free_port.ts", import.meta.url).href)};
    postMessage(Array.from({ length: ${count} }, () => freePort()));
  `;
  const worker = new Worker(`data:text/javascript,${encodeURIComponent(script)}`, { type: "module" });
  const ports = await new Promise<number[]>((resolve) => worker.onmessage = ({ data }) => resolve(data));
  worker.terminate();
  return ports;
}

Deno.test("threads that ask at once never get the same port", async () => {
  const ports = (await Promise.all([1, 2, 3, 4].map(() => portsOfThread(500)))).flat();
  assert.equal(new Set(ports).size, 2000);
});

Deno.test("a port that is listened on is passed over", () => {
  const port = freePort();
  using _listener = Deno.listen({ hostname: "127.0.0.1", port: port + 1 });
  assert.notEqual(freePort(), port + 1);
});
