// What chooses the columns: those that are taken, in their order, and those that are offered.

import { fill, h } from "../base/dom.js";
import { t } from "../base/words.js";
import { FACTS, isKnown, plain, titleOf } from "./runs_columns.js";

const MOST_OFFERED = 200;

/** new ColumnChooser({ ids: () -> the columns taken, known: () -> all columns, onChange(ids), onReset() }) */
export class ColumnChooser {
  constructor(options) {
    this.options = options;
    this.isOpen = false;
    this.element = h("div", { className: "chooser", hidden: true });
  }

  toggle() {
    this.isOpen = !this.isOpen;
    this.element.hidden = !this.isOpen;
    if (!this.isOpen) return;
    this.build();
    this.draw();
  }

  build() {
    const reset = () => (this.options.onReset(), this.draw());
    this.search = h("input", { type: "search", placeholder: t("runs.find"), "aria-label": t("runs.find"), onInput: () => this.draw() });
    this.taken = h("ol", { className: "taken" });
    this.offered = h("ul", { className: "offered" });
    fill(this.element, h("div", null, h("button", { className: "quiet", onClick: reset }, t("runs.reset")), this.taken), h("div", null, this.search, this.offered));
  }

  /** Show what is taken and offered now, where it is open. */
  draw() {
    if (!this.isOpen) return;
    const ids = this.options.ids();
    fill(this.taken, ids.map((text, place) => this.takenColumn(ids, text, place)));
    const sought = this.search.value.toLowerCase();
    const taken = new Set(ids.map(plain));
    const names = [...FACTS, ...this.options.known().filter((column) => column.kind !== "fact").map((column) => column.name)];
    const found = names.filter((name) => name.toLowerCase().includes(sought));
    fill(this.offered, found.slice(0, MOST_OFFERED).map((name) => this.offeredColumn(ids, taken, name)), found.length > MOST_OFFERED && h("li", { className: "faint" }, `+ ${found.length - MOST_OFFERED}`));
  }

  takenColumn(ids, text, place) {
    const id = plain(text);
    const move = (by) => {
      const next = [...ids];
      const [taken] = next.splice(place, 1);
      next.splice(Math.max(0, place + by), 0, taken);
      this.options.onChange(next);
    };
    const pin = () => this.options.onChange(ids.map((one) => (one !== text ? one : one.startsWith("!") ? id : `!${id}`)));
    const item = h(
      "li",
      { draggable: "true", "data-column": id },
      h("button", { className: "quiet", "aria-label": t("runs.left", { name: id }), onClick: () => move(-1), disabled: place === 0 }, "↑"),
      h("button", { className: "quiet", "aria-label": t("runs.right", { name: id }), onClick: () => move(1), disabled: place === ids.length - 1 }, "↓"),
      h("button", { className: "quiet", "aria-label": t("runs.pin", { name: id }), "aria-pressed": String(text.startsWith("!")), onClick: pin }, "⚲"),
      h("span", { className: "mono" }, titleOf(id)),
      h("button", { className: "quiet", "aria-label": t("runs.remove", { name: titleOf(id) }), onClick: () => this.options.onChange(ids.filter((one) => one !== text)) }, "×"),
    );
    item.addEventListener("dragstart", () => (this.dragged = place));
    item.addEventListener("dragover", (event) => event.preventDefault());
    item.addEventListener("drop", (event) => {
      event.preventDefault();
      const next = [...ids];
      const [taken] = next.splice(this.dragged, 1);
      next.splice(place, 0, taken);
      this.options.onChange(next);
    });
    return item;
  }

  offeredColumn(ids, taken, name) {
    const toggle = (id) => this.options.onChange(taken.has(id) ? ids.filter((one) => plain(one) !== id) : [...ids, id]);
    const figures = name.startsWith("metrics.") && h("select", { "aria-label": `${t("runs.figure")} ${name}`, onChange: (event) => event.target.value && toggle(`${event.target.value}(${name})`) }, h("option", { value: "" }, t("runs.figure")), ["min", "max", "mean", "count", "step"].map((figure) => h("option", { value: figure }, figure)));
    return h("li", null, h("label", null, h("input", { type: "checkbox", checked: taken.has(name), onChange: () => toggle(name) }), " ", h("span", { className: "mono" }, isKnown(name) ? titleOf(name) : name)), figures);
  }
}
