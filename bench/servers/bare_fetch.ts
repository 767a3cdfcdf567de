/**
 * The least that a proxy by `fetch` can do and still forward a request: method, path, headers and body go on, redirects
 * come back. Round robin if there is more than one target. Arguments: PORT TARGET...
 */
const [port = "0", ...targets] = Deno.args;
let next = 0;

Deno.serve({ port: Number(port), hostname: "127.0.0.1", onListen() {} }, (request) => {
  const url = request.url;
  const target = targets[next++ % targets.length];
  const path = url.slice(url.indexOf("/", 8));
  return fetch(`http://${target}${path}`, {
    method: request.method,
    headers: request.headers,
    body: request.body,
    redirect: "manual",
  });
});
