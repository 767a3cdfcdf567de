/** What a mock target says about a request, in the order of its JSON. */
export interface MockAnswer {
  readonly server: string;
  readonly method: string;
  readonly path: string;
  /** Without the `?`; byte for byte as it came. */
  readonly query: string;
  /** Names in lower case; a header that came more than once has its values in order. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly bodyBytes: number;
}

/** Describes a request: the identity first, so that the first lines of the printed JSON show who answered. */
export function mockAnswer(
  server: string,
  request: { method: string; target: string; rawHeaders: readonly string[] },
  bodyBytes: number,
): MockAnswer {
  const mark = request.target.indexOf("?");
  return {
    server,
    method: request.method,
    path: mark < 0 ? request.target : request.target.slice(0, mark),
    query: mark < 0 ? "" : request.target.slice(mark + 1),
    headers: collectHeaders(request.rawHeaders),
    bodyBytes,
  };
}

/** Takes names and values in turn, as node's `rawHeaders` has them. */
function collectHeaders(rawHeaders: readonly string[]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = Object.create(null);
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    const value = rawHeaders[i + 1]!;
    const earlier = headers[name];
    if (earlier === undefined) headers[name] = value;
    else if (Array.isArray(earlier)) earlier.push(value);
    else headers[name] = [earlier, value];
  }
  return headers;
}
