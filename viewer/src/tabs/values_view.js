// What the views of values share: one value at a time, chosen by a slider over the steps.

import { latest, urlFor } from "../base/api.js";
import { cutText } from "../base/cut.js";
import { fill, h } from "../base/dom.js";
import { moment } from "../base/format.js";
import { tree } from "../base/tree.js";
import { visibleName } from "../base/visible.js";
import { addWords, t } from "../base/words.js";

addWords({
  "view.step": ["step {step}", "ステップ {step}"],
  "view.nostep": ["without a step", "ステップなし"],
  "view.of": ["{at} of {total}", "{total} 件中 {at}"],
  "view.slider": ["Which of the values", "値の選択"],
  "view.previous": ["Previous value", "前の値"],
  "view.next": ["Next value", "次の値"],
  "view.asitis": ["This is no value of its kind ({text}). Here it is as it was logged.", "この種類の値ではありません ({text})。記録されたまま表示します。"],
  "view.download": ["Download", "ダウンロード"],
});

const MOST = 10_000;

/** The step of a value in words. */
export function stepText(row) {
  return row.step === null ? t("view.nostep") : t("view.step", { step: row.step });
}

/** A view of the values of one name and type. */
export class Base {
  constructor(options) {
    Object.assign(this, options);
    this.ask = latest();
  }

  dispose() {
    this.part?.dispose?.();
  }
}

/** A link to the file of a value; nothing where it has none. */
export function fileLink(row) {
  return row.file && h("a", { href: urlFor(`file/${row.file}`, { download: 1 }), download: "" }, t("view.download"));
}

/** One value at a time, with a slider over the steps. */
export class SteppedView extends Base {
  async open() {
    this.head = h("div", { className: "value-stepper" });
    this.body = h("div");
    this.foot = h("div");
    fill(this.place, this.head, this.body, this.foot);
    await this.load();
    this.at = this.placeOf(this.index);
    this.drawHead();
    await this.opened?.();
    await this.show();
  }

  async load() {
    const found = await this.ask("api/values", { run: this.run, name: this.name, type: this.type, limit: MOST, last: 1 });
    this.rows = found.rows;
    this.total = found.total;
  }

  placeOf(index) {
    const at = index === undefined || index === null ? -1 : this.rows.findIndex((row) => row.index === Number(index));
    return at < 0 ? this.rows.length - 1 : at;
  }

  get row() {
    return this.rows[this.at];
  }

  drawHead() {
    const many = this.rows.length > 1;
    this.slider = stepSlider(this.rows, () => this.at, (at) => this.move(at));
    this.when = h("span", { className: "faint" });
    fill(this.head, many && this.slider.element, this.when, h("span", { className: "spring" }), this.controls?.());
    this.sayWhen();
  }

  sayWhen() {
    const { row } = this;
    fill(this.when, !(this.rows.length > 1) && `${stepText(row)} \u00b7 `, moment(row.time), row.description && [" \u00b7 ", h("bdi", null, visibleName(row.description))]);
    this.slider.sync();
  }

  async move(at, { quiet = false } = {}) {
    if (at < 0 || at >= this.rows.length || at === this.at) return;
    this.at = at;
    this.sayWhen();
    if (!quiet) this.onIndex(at === this.rows.length - 1 ? null : this.row.index);
    await this.safely();
  }

  async goTo(index) {
    await this.move(this.placeOf(index), { quiet: true });
  }

  async grew() {
    const isLast = this.at === this.rows.length - 1;
    const { index } = this.row;
    await this.load();
    this.at = isLast ? this.rows.length - 1 : this.placeOf(index);
    const hadFocus = this.head.contains(document.activeElement);
    this.drawHead();
    if (hadFocus) this.slider.element.querySelector("input")?.focus();
    await this.opened?.();
    if (isLast) await this.safely();
  }

  async safely() {
    try {
      await this.show();
    } catch (error) {
      if (error.name !== "AbortError") fill(this.body, h("p", { className: "problem", role: "alert" }, error.message));
    }
  }

  /** Show the value at `this.at`. */
  async show() {
    const found = await this.ask("api/value", { run: this.run, name: this.name, index: this.row.index });
    this.part?.dispose?.();
    let part;
    try {
      part = this.draw(found.value, found);
    } catch (error) {
      part = { element: h("div", null, h("p", { className: "faint" }, t("view.asitis", { text: error.message })), tree(found.value)) };
    }
    this.part = part;
    fill(this.body, found.cut && h("p", { className: "problem" }, cutText(found.cut), " ", fileLink(this.row)), part.element);
  }
}

/** A slider over values: { element, sync() }; now() is the place, onMove(at) is told where it goes. */
export function stepSlider(rows, now, onMove) {
  const input = h("input", { type: "range", min: 0, max: rows.length - 1, step: 1, "aria-label": t("view.slider"), onInput: (event) => onMove(Number(event.target.value)) });
  const output = h("output", { className: "value-step" });
  const by = (amount, text, sign) => h("button", { className: "quiet", "aria-label": text, onClick: () => onMove(now() + amount) }, sign);
  const element = h("span", { className: "value-slider" }, by(-1, t("view.previous"), "\u2039"), input, by(1, t("view.next"), "\u203a"), output);
  const sync = () => {
    input.value = now();
    const row = rows[now()];
    const text = `${stepText(row)} (${t("view.of", { at: now() + 1, total: rows.length })})`;
    input.setAttribute("aria-valuetext", text);
    output.textContent = text;
  };
  return { element, sync };
}
