/**
 * The barest: every request becomes the same `fetch`; nothing of the client's is forwarded but the path. Arguments:
 * PORT TARGET
 */
const [port = "0", target = ""] = Deno.args;

Deno.serve({ port: Number(port), hostname: "127.0.0.1", onListen() {} }, (request) => {
  const url = request.url;
  return fetch(`http://${target}${url.slice(url.indexOf("/", 8))}`);
});
