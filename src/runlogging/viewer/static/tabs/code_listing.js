// A text with line numbers: only the lines in sight are in the page, and all of it is searched.

import { cutText } from "../base/cut.js";
import { h, settled } from "../base/dom.js";
import { copyText } from "../base/handout.js";
import { VirtualList } from "../base/virtual.js";
import { visibleName } from "../base/visible.js";
import { addWords, t } from "../base/words.js";

addWords({
  "code.find": ["Find in this file", "このファイル内を検索"],
  "code.hits": ["{at} of {n}", "{n} 件中 {at}"],
  "code.nohits": ["not found", "見つかりません"],
  "code.nexthit": ["Next hit", "次の一致"],
  "code.lasthit": ["Previous hit", "前の一致"],
  "code.copy": ["Copy", "コピー"],
  "code.lines": ["{n} lines", "{n} 行"],
});

const ROW_HEIGHT = 19;
const ROW_CHARS = 90; // about what fits into a row, for the height of short files
const MARKED_IN_A_LINE = 1000;

/** All places of a text in lines, in any case: { lines: [...], starts: [...], first: Map of line to its first hit }. */
export function hitsIn(lines, text) {
  const found = { lines: [], starts: [], first: new Map() };
  if (!text) return found;
  const pattern = new RegExp(text.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&"), "giu");
  lines.forEach((line, at) => {
    for (const hit of line.matchAll(pattern)) {
      if (!found.first.has(at)) found.first.set(at, found.lines.length);
      found.lines.push(at);
      found.starts.push([hit.index, hit[0].length]);
    }
  });
  return found;
}

export class Listing {
  /** found: what api/code says of a file ({ name, text, cut }). */
  constructor(found) {
    this.lines = found.text.split("\n");
    if (this.lines.length > 1 && this.lines.at(-1) === "") this.lines.pop();
    this.hits = hitsIn([], "");
    this.at = -1;
    this.view = new VirtualList({ make: (row) => this.line(row), rowHeight: ROW_HEIGHT, scrollerProps: { role: "region", "aria-label": visibleName(found.name) } });
    this.view.element.addEventListener("keydown", (event) => this.onKey(event));
    const rows = this.lines.reduce((sum, line) => sum + 1 + Math.floor(line.length / ROW_CHARS), 0);
    this.box = h("div", { className: "code-lines", style: { height: `min(75vh, ${rows * ROW_HEIGHT + 14}px)` } }, this.view.element);
    this.element = h("div", null, this.bar(found.text), found.cut && h("p", { className: "faint" }, cutText(found.cut)), this.box);
    this.view.setTotal(this.lines.length);
  }

  dispose() {
    this.view.dispose();
  }

  bar(text) {
    this.say = h("span", { className: "faint", role: "status" });
    this.find = h("input", { type: "search", placeholder: t("code.find"), "aria-label": t("code.find"), onInput: settled(() => this.search(), 120), onKeydown: (event) => event.key === "Enter" && this.go(event.shiftKey ? -1 : 1) });
    const step = (by, label, sign) => h("button", { className: "quiet", "aria-label": label, onClick: () => this.go(by) }, sign);
    return h("div", { className: "value-controls" }, this.find, step(-1, t("code.lasthit"), "\u2039"), step(1, t("code.nexthit"), "\u203a"), this.say, h("span", { className: "spring" }),
      h("span", { className: "faint" }, t("code.lines", { n: this.lines.length })), h("button", { className: "quiet", onClick: (event) => copyText(text, event.currentTarget) }, t("code.copy")));
  }

  line(row) {
    const isChosen = this.hits.lines[this.at] === row;
    return h("div", { className: isChosen ? "code-line code-hit" : "code-line" }, h("span", { className: "code-number", "data-line": row + 1 }), h("span", { className: "code-text" }, this.marked(row)));
  }

  /** The parts of a line with its hits marked: around the chosen one, where they are many. */
  marked(row) {
    const text = this.lines[row];
    const first = this.hits.first.get(row);
    if (first === undefined) return text;
    const begin = Math.max(first, this.at - MARKED_IN_A_LINE / 2);
    const parts = [];
    let from = 0;
    for (let hit = begin; this.hits.lines[hit] === row && hit < begin + MARKED_IN_A_LINE; hit += 1) {
      const [start, length] = this.hits.starts[hit];
      parts.push(text.slice(from, start), h("mark", { className: hit === this.at ? "code-now" : null }, text.slice(start, start + length)));
      from = start + length;
    }
    return [...parts, text.slice(from)];
  }

  search() {
    this.hits = hitsIn(this.lines, this.find.value);
    this.at = -1;
    this.view.invalidate();
    this.say.textContent = this.find.value && !this.hits.lines.length ? t("code.nohits") : "";
    if (this.hits.lines.length) this.go(1);
  }

  go(by) {
    const n = this.hits.lines.length;
    if (!n) return;
    this.at = this.at < 0 && by < 0 ? n - 1 : (this.at + by + n) % n;
    this.say.textContent = t("code.hits", { at: this.at + 1, n });
    this.view.invalidate();
    this.view.goTo(this.hits.lines[this.at], "center");
    this.view.draw();
    this.bringIntoSight();
  }

  /** A line may be taller than the view: bring the hit itself into sight. */
  bringIntoSight() {
    const mark = this.view.list.querySelector(".code-now")?.getBoundingClientRect();
    const box = this.view.element.getBoundingClientRect();
    if (mark && (mark.top < box.top || mark.bottom > box.bottom)) this.view.moveBy(mark.top - box.top - box.height / 2);
  }

  onKey(event) {
    const work = {
      ArrowDown: () => this.view.moveBy(ROW_HEIGHT), ArrowUp: () => this.view.moveBy(-ROW_HEIGHT), PageDown: () => this.view.pageBy(1), PageUp: () => this.view.pageBy(-1),
      Home: () => this.view.goTo(0, "start"), End: () => this.view.toEnd(),
    }[event.key];
    if (!work || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    work();
  }
}
