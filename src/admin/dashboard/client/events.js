/**
 * Keeps the stream of events open for ever. `EventSource` can't send a token in a header, and one in the URL would end up in
 * logs, so the stream is read with fetch. `handlers`: onEvent(name, data), onOpen(), onLost(), onUnauthorized(); `token()` is
 * asked anew for each try. Resolves when the token is refused.
 */
export async function followEvents(token, handlers) {
  let waitMs = 500;
  for (;;) {
    const abort = new AbortController();
    // The server says something each second; when it does not, the connection is dead even if nobody closed it.
    let watchdog = setTimeout(() => abort.abort(), 6000);
    try {
      const headers = token() === null ? {} : { Authorization: "Bearer " + token() };
      const response = await fetch("events", { headers, signal: abort.signal });
      if (response.status === 401) return handlers.onUnauthorized();
      if (!response.ok) throw new Error("status " + response.status);
      waitMs = 500;
      handlers.onOpen();
      await readEvents(response.body, (name, data) => {
        clearTimeout(watchdog);
        watchdog = setTimeout(() => abort.abort(), 6000);
        handlers.onEvent(name, data);
      });
    } catch {
      // Lost, or never there: said below, tried again.
    } finally {
      clearTimeout(watchdog);
    }
    handlers.onLost();
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    waitMs = Math.min(waitMs * 2, 5000);
  }
}

/** Reads server-sent events (HTML standard, section 9.2: the parts that sluice sends) until the stream ends. */
export async function readEvents(stream, onEvent) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const event = {};
      for (const line of text.slice(0, end).split("\n")) {
        const colon = line.indexOf(": ");
        event[line.slice(0, colon)] = line.slice(colon + 2);
      }
      text = text.slice(end + 2);
      onEvent(event.event, JSON.parse(event.data));
    }
  }
}
