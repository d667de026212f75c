// Asking the server. All URLs are relative to the page, so that any proxy prefix works.

/** An answer that is no data: its text is for people. */
export class Refused extends Error {
  constructor(status, message, details = {}) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

/** Return the URL of something of the server's. */
export function urlFor(path, params = {}) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    if (value === null || value === undefined || value === "") continue;
    for (const item of Array.isArray(value) ? value : [value]) query.append(key, String(item));
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

/** Get JSON: await get("api/run", { run }, signal). Throws Refused with the server's sentence, or DOMException AbortError. */
export async function get(path, params, signal) {
  let answer;
  try {
    answer = await fetch(urlFor(path, params), { signal, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "unreachable");
  }
  const body = (answer.headers.get("content-type") ?? "").includes("json") ? await answer.json() : null;
  if (!answer.ok) throw new Refused(answer.status, body?.error ?? `HTTP ${answer.status}`, body ?? {});
  return body;
}

/** Make an asker whose next question ends the one before: for what follows typing, hovering and scrolling. */
export function latest() {
  let controller = null;
  return async (path, params) => {
    controller?.abort();
    const mine = (controller = new AbortController());
    const found = await get(path, params, mine.signal);
    if (mine !== controller) throw new DOMException("a later question came", "AbortError");
    return found;
  };
}
