/** Accepts connections and closes each at once: TLS clients can't connect to it, although it refuses no connection. */
export function closingListener(): { port: number } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const closing = (async () => {
    for await (const connection of listener) connection.close();
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await closing;
    },
  };
}
