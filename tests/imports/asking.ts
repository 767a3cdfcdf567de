import { RawClient } from "../support/raw_client.ts";
import { header } from "../support/raw_message.ts";

/** What a client can tell of an answer, without what depends on the program's port. */
export interface Seen {
  readonly status: number;
  /** The target's name. */
  readonly target: string | null;
  /** The path with its query as the target got it. */
  readonly path: string | null;
  readonly location: string | null;
}

/** A request of a sample. */
export interface Question {
  readonly anyTarget: boolean;
  readonly method: string;
  readonly host: string;
  readonly head: string;
}

/** Reads a request as samples write it. */
export function parseAsk(ask: string): Question {
  const [first = "", ...headers] = ask.split(" | ");
  const anyTarget = first.startsWith("* ");
  const [method = "", host = "", path] = first.replace(/^\* /, "").split(" ");
  const length = ["POST", "PUT"].includes(method) ? ["Content-Length: 0"] : [];
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}`, "Connection: close", ...length, ...headers, "", ""];
  return { anyTarget, method, host, head: lines.join("\r\n") };
}

/** Asks once, on a connection of its own. */
export async function askOne(url: string, { head, host, method }: Question): Promise<Seen> {
  await using client = await RawClient.connect(url);
  const response = await client.exchange(head, method);
  const location = header(response, "location");
  return {
    status: response.status,
    target: header(response, "x-target"),
    path: header(response, "x-path"),
    location: location === null ? null : absolute(location, host, url),
  };
}

/** A Location as a browser takes it, without the port of the program that sent it. */
function absolute(location: string, host: string, url: string): string {
  const { port } = new URL(url);
  return new URL(location, `http://${host}:${port}`).href.replace(`:${port}`, ":PORT");
}

/** Targets that name themselves and the path they were asked for; two of them have the same name. */
export function startTargets(): { places: Record<string, string> } & AsyncDisposable {
  const servers = ["a", "a2", "b", "c"].map((name) =>
    [
      name,
      Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
        const path = request.url.replace(/^http:\/\/[^/]*/, "");
        return new Response("ok", { headers: { "x-target": name.slice(0, 1), "x-path": path } });
      }),
    ] as const
  );
  return {
    places: Object.fromEntries(servers.map(([name, server]) => [name, `127.0.0.1:${server.addr.port}`])),
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map(([, server]) => server.shutdown()));
    },
  };
}
