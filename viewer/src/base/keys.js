// Keyboard shortcuts: each says what it does, and `?` lists them.

import { fill, h } from "./dom.js";
import { t } from "./words.js";

const known = new Map();

/** Bind keys while a page is shown: bindKeys({ "/": ["search", () => ...] }); returns what unbinds them. */
export function bindKeys(bindings) {
  const own = Object.entries(bindings).map(([key, [what, work]]) => [key, { what, work }]);
  for (const [key, binding] of own) known.set(key, binding);
  // A page that goes late must not take the keys of the next one along.
  return () => {
    for (const [key, binding] of own) if (known.get(key) === binding) known.delete(key);
  };
}

function isTyping(target) {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]");
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && isTyping(event.target)) return event.target.blur();
  if (isTyping(event.target)) return;
  const found = known.get(event.key);
  if (found) {
    event.preventDefault();
    found.work(event);
  }
});

/** Show the list of all keys that work now. */
export function showKeys() {
  const dialog = h("dialog", { className: "keys", "aria-label": t("app.keys") });
  const rows = [...known].map(([key, { what }]) => h("tr", null, h("td", null, h("kbd", null, key)), h("td", null, what)));
  fill(
    dialog,
    h("h2", null, t("app.keys")),
    h("table", null, h("tbody", null, rows)),
    h("form", { method: "dialog" }, h("button", null, t("app.close"))),
  );
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}
