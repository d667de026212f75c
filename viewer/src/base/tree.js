// Any JSON as a tree that folds: one line a leaf, children made when they are opened, many of them in parts.

import { fill, h } from "./dom.js";
import { number } from "./format.js";
import { visible, visibleName } from "./visible.js";
import { addWords, t } from "./words.js";

addWords({
  "tree.more": ["{n} more", "残り {n}"],
  "tree.items": ["{n} items", "{n} 件"],
  "tree.fields": ["{n} fields", "{n} 項目"],
});

const AT_ONCE = 100;
const LONG_TEXT = 2000;

/** Return a value as an element. `open`: how many levels are open at first. */
export function tree(value, { open = 2 } = {}) {
  return h("div", { className: "tree" }, node(null, value, open));
}

function node(name, value, open) {
  if (value === null || typeof value !== "object") return h("div", { className: "tree-leaf" }, label(name), leaf(value));
  const entries = Array.isArray(value) ? value.map((item, at) => [at, item]) : Object.entries(value);
  const count = t(Array.isArray(value) ? "tree.items" : "tree.fields", { n: entries.length });
  if (!entries.length) return h("div", { className: "tree-leaf" }, label(name), h("span", { className: "faint" }, Array.isArray(value) ? "[ ]" : "{ }"));
  const body = h("div", { className: "tree-body" });
  let isMade = false;
  const make = () => {
    if (isMade) return;
    isMade = true;
    part(body, entries, 0, open - 1);
  };
  const isOpen = open > 0;
  if (isOpen) make();
  return h("details", { open: isOpen, onToggle: (event) => event.currentTarget.open && make() },
    h("summary", null, label(name), h("span", { className: "faint" }, `${Array.isArray(value) ? "[" : "{"} ${count} ${Array.isArray(value) ? "]" : "}"}`)), body);
}

function part(body, entries, from, open) {
  body.append(...entries.slice(from, from + AT_ONCE).map(([name, item]) => node(name, item, open)));
  const left = entries.length - from - AT_ONCE;
  if (left <= 0) return;
  const more = h("button", { className: "quiet", onClick: () => {
    more.remove();
    part(body, entries, from + AT_ONCE, open);
  } }, t("tree.more", { n: left }));
  body.append(more);
}

function label(name) {
  return name === null ? null : h("span", { className: "tree-name" }, `${visibleName(name)}: `);
}

/** A value without parts, as it is in JSON; text in quotes. */
export function leaf(value) {
  if (value === null) return h("span", { className: "cell-none" }, "null");
  if (typeof value === "boolean") return h("span", { className: "cell-bool" }, String(value));
  if (typeof value === "number") return h("span", { className: "cell-number" }, number(value, 17));
  const text = String(value);
  const element = h("span", { className: "tree-text" });
  fill(element, visible(JSON.stringify(text.length > LONG_TEXT ? `${text.slice(0, LONG_TEXT)}\u2026` : text)));
  return element;
}
