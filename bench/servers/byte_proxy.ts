/**
 * The smallest proxy that passes on bytes: it cuts `Host` and `Connection` out of the head, puts a `Host` of its own
 * in, and sends what is left to kept connections, in turn. It checks, limits, logs and counts nothing, and knows only
 * GET with responses that have a Content-Length: what Deno's sockets cost, and nothing else. Arguments: PORT TARGET...;
 * with CERTIFICATE and KEY (files) clients come by TLS, with AUTHORITY targets speak it.
 */
type Bytes = Uint8Array<ArrayBuffer>;

const [port = "0", ...targets] = Deno.args;
const [certificate, key, authority] = ["CERTIFICATE", "KEY", "AUTHORITY"].map((name) => {
  const file = Deno.env.get(name);
  return file === undefined ? null : Deno.readTextFileSync(file);
});
const encoder = new TextEncoder();
const [CR, LF] = [13, 10];
const ROOM = 65_536;

/** One target: its Host line, and its idle connections. */
const places = targets.map((target) => {
  const [hostname = "", port = "80"] = target.split(":");
  return { hostname, port: Number(port), host: encoder.encode(`Host: ${target}\r\n`), idle: [] as Deno.Conn[] };
});
let turn = 0;

function headEnd(bytes: Bytes, end: number): number {
  for (let at = bytes.indexOf(LF); at >= 0 && at < end; at = bytes.indexOf(LF, at + 1)) {
    if (at >= 3 && bytes[at - 1] === CR && bytes[at - 2] === LF) return at + 1;
  }
  return -1;
}

function isNamed(bytes: Bytes, at: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) if ((bytes[at + i]! | 32) !== name.charCodeAt(i)) return false;
  return true;
}

/** Copies a head without the lines that concern one connection; returns the place behind it. */
function copyHead(from: Bytes, end: number, to: Bytes, host: Bytes | null): number {
  let at = from.indexOf(LF) + 1;
  to.set(from.subarray(0, at));
  let place = at;
  if (host !== null) {
    to.set(host, place);
    place += host.length;
  }
  while (at < end) {
    const next = from.indexOf(LF, at) + 1;
    if (!isNamed(from, at, "host:") && !isNamed(from, at, "connection:")) {
      to.set(from.subarray(at, next), place);
      place += next - at;
    }
    at = next;
  }
  return place;
}

function contentLength(head: Bytes, end: number): number {
  for (let at = 0; at < end; at = head.indexOf(LF, at) + 1) {
    if (!isNamed(head, at, "content-length:")) continue;
    let length = 0;
    for (let i = at + 15; head[i] !== CR; i++) if (head[i] !== 32) length = length * 10 + head[i]! - 48;
    return length;
  }
  return 0;
}

function connect(place: { readonly hostname: string; readonly port: number }): Promise<Deno.Conn> {
  return authority === null ? Deno.connect(place) : Deno.connectTls({ ...place, caCerts: [authority!] });
}

async function serve(client: Deno.Conn): Promise<void> {
  if ("setNoDelay" in client) (client as Deno.TcpConn).setNoDelay(true);
  const [request, response] = [new Uint8Array(16_384), new Uint8Array(ROOM)];
  const out = new Uint8Array(ROOM + 16_384);
  for (;;) {
    let have = 0;
    let end = -1;
    while (end < 0) {
      const count = await client.read(request.subarray(have));
      if (count === null) return client.close();
      end = headEnd(request, have += count);
    }
    const place = places[turn]!;
    turn = turn + 1 === places.length ? 0 : turn + 1;
    const target = place.idle.pop() ?? await connect(place);
    const sent = target.write(out.subarray(0, copyHead(request, end, out, place.host)));
    for (have = 0, end = -1; end < 0;) {
      end = headEnd(response, have += await target.read(response.subarray(have)) ?? NaN);
    }
    await sent;
    let left = contentLength(response, end) - (have - end);
    const head = copyHead(response, end, out, null);
    out.set(response.subarray(end, have), head);
    await client.write(out.subarray(0, head + have - end));
    while (left > 0) {
      const count = await target.read(response) ?? NaN;
      left -= count;
      for (let at = 0; at < count;) at += await client.write(response.subarray(at, count));
    }
    place.idle.push(target);
  }
}

const own = { hostname: "127.0.0.1", port: Number(port) };
const listener = certificate === null ? Deno.listen(own) : Deno.listenTls({ ...own, cert: certificate!, key: key! });
for await (const client of listener as Deno.Listener) serve(client).catch(() => {});
