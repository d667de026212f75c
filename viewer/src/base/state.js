// What is shown stands in the URL's query: a link, the back button and a reload show the same.
//
// view=runs | run | compare, and what each page says of itself. Values are text; several are joined by commas inside a
// value that is encoded once, so that a person can read the URL. What is the default is left out.

const listeners = new Set();

/** Return the state as a plain object of texts. */
export function state() {
  return Object.fromEntries(new URLSearchParams(location.search));
}

/** Return the URL of a state, relative to this page. */
export function urlOf(values) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== "") query.set(key, String(value));
  }
  // Commas and slashes may stand in a query as they are, and are easier to read so.
  const text = query.toString().replaceAll("%2C", ",").replaceAll("%2F", "/").replaceAll("%3A", ":");
  return text ? `?${text}` : "./";
}

/** Go to a state, as a link does. */
export function go(values) {
  history.pushState(null, "", urlOf(values));
  tell();
}

/** Change some of the state; null takes a value out. A step back undoes it only with `push`. */
export function change(values, { push = false, quiet = false } = {}) {
  const next = urlOf({ ...state(), ...values });
  history[push ? "pushState" : "replaceState"](null, "", next);
  if (!quiet) tell();
}

/** Be told of every change of the state; returns what ends it. */
export function onState(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell() {
  const now = state();
  for (const listener of [...listeners]) listener(now);
}

addEventListener("popstate", tell);

/** Let plain clicks on links of this page change the state without loading it anew. */
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-inside]") : null;
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  history.pushState(null, "", link.getAttribute("href"));
  tell();
});

/** Read what this browser remembers for its user; nothing where storage is off or full. */
export function remembered(key, otherwise = null) {
  try {
    const text = localStorage.getItem(`runlogging.${key}`);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

/** Remember something in this browser. */
export function remember(key, value) {
  try {
    localStorage.setItem(`runlogging.${key}`, JSON.stringify(value));
  } catch {
    // Private windows and full storages: it is only a convenience.
  }
}
