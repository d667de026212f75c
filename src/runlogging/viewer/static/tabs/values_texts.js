// Texts, bools and None.

import { get } from "../base/api.js";
import { cutText } from "../base/cut.js";
import { fill, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { visible, visibleName } from "../base/visible.js";
import { addWords, t } from "../base/words.js";
import { Base, fileLink, stepText } from "./values_view.js";

addWords({
  "view.whole": ["Show all of it", "すべて表示"],
  "view.earlier": ["Earlier ones", "以前の値"],
});

const AT_ONCE = 100;
const LONG = 240;

/** Texts, bools and None: all below each other, the newest at the end. */
export class TextView extends Base {
  async open() {
    this.list = h("ol", { className: "value-texts" });
    this.above = h("div");
    fill(this.place, this.above, this.list);
    const found = await this.ask("api/values", { run: this.run, name: this.name, type: this.type, limit: AT_ONCE, last: 1 });
    this.begin = found.offset;
    this.end = found.offset + found.rows.length;
    await this.add(found.rows, false);
  }

  async add(rows, isAbove) {
    const made = await Promise.all(rows.map((row) => this.item(row, rows.length === 1)));
    if (isAbove) this.list.prepend(...made);
    else this.list.append(...made);
    fill(this.above, this.begin > 0 && h("button", { onClick: () => this.earlier() }, t("view.earlier")));
  }

  async earlier() {
    const from = Math.max(0, this.begin - AT_ONCE);
    const found = await get("api/values", { run: this.run, name: this.name, type: this.type, offset: from, limit: this.begin - from });
    this.begin = from;
    await this.add(found.rows, true);
  }

  async grew() {
    const found = await this.ask("api/values", { run: this.run, name: this.name, type: this.type, offset: this.end, limit: AT_ONCE });
    this.end += found.rows.length;
    await this.add(found.rows, false);
  }

  async item(row, isAlone) {
    const body = h("div", { className: "value-content" });
    const isLong = this.type === "text" && (row.preview === null || String(row.preview).length >= LONG);
    const whole = async () => {
      const found = await get("api/value", { run: this.run, name: this.name, index: row.index });
      fill(body, h("pre", { tabindex: "0" }, visible(found.value)), found.cut && h("p", { className: "faint" }, cutText(found.cut), " ", fileLink(row)));
    };
    if (this.type !== "text") fill(body, h("code", { className: this.type === "none" ? "cell-none" : "cell-bool" }, this.type === "none" ? "None" : row.preview ? "True" : "False"));
    else if (isLong && isAlone) await whole();
    else fill(body, h("pre", null, visible(row.preview ?? "")), isLong && h("button", { className: "quiet", onClick: whole }, t("view.whole")));
    return h("li", null, h("div", { className: "faint value-when" }, h("span", null, stepText(row)), h("time", { datetime: row.time }, moment(row.time)), row.description && h("bdi", null, visibleName(row.description))), body);
  }
}
