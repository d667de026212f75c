// The values of a run that are no numbers: a list of their names, and what was logged under the chosen one.

import { get, latest } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { change } from "../base/state.js";
import { visibleName } from "../base/visible.js";
import { addWords, t } from "../base/words.js";
import { VIEWS } from "./values_views.js";

addWords({
  "values.none": ["This run has logged numbers only. Texts, tables, pictures and charts would be here.", "この実行には数値だけが記録されています。テキスト、表、画像、グラフはここに表示されます。"],
  "values.filter": ["Filter names", "名前で絞り込む"],
  "values.names": ["Values", "値"],
  "values.more": ["{n} more; type to find them", "残り {n} 件。入力して絞り込めます"],
  "values.gone": ["Nothing is logged under {name}.", "{name} には何も記録されていません。"],
  "values.nomatch": ["No name matches.", "一致する名前がありません。"],
});

addWords({
  "type.text": ["text", "テキスト"], "type.bool": ["bool", "真偽値"], "type.none": ["none", "なし"], "type.list": ["list", "リスト"],
  "type.matrix": ["matrix", "行列"], "type.table": ["table", "表"], "type.row": ["row", "行"], "type.json": ["json", "JSON"],
  "type.image": ["image", "画像"], "type.figure": ["figure", "図"], "type.histogram": ["histogram", "ヒストグラム"],
  "type.confusion_matrix": ["confusion matrix", "混同行列"], "type.accuracy_table": ["accuracy table", "精度表"],
  "type.residuals": ["residuals", "残差"], "type.predictions": ["predictions", "予測"],
});

const PAUSE_MS = 2_000;
const MOST_NAMES = 500;

/** A type in words; one that is not known as it is called. */
function typeName(type) {
  const text = t(`type.${type}`);
  return text === `type.${type}` ? visibleName(type) : text;
}

class ValuesTab {
  constructor(container, context, state) {
    Object.assign(this, { container, context, state, run: context.run });
    this.ask = latest();
    this.query = "";
    this.list = h("ul", { className: "value-names" });
    this.body = h("section", { className: "value-body", "aria-live": "off" });
    this.search = h("input", { type: "search", placeholder: t("values.filter"), "aria-label": t("values.filter"), onInput: (event) => {
      this.query = event.target.value.toLowerCase();
      this.drawNames();
    } });
  }

  async open() {
    this.names = (await get("api/values", { run: this.run })).names;
    this.frame();
    await this.choose();
  }

  frame() {
    if (!this.names.length) return void fill(this.container, h("p", { className: "faint" }, t("values.none")));
    fill(this.container, h("div", { className: "values" }, h("nav", { className: "value-side", "aria-label": t("values.names") }, this.search, this.list), this.body));
    this.drawNames();
  }

  get chosen() {
    const { value, vtype } = this.state;
    return this.names.find((one) => one.name === value && (!vtype || one.type === vtype)) ?? (value === undefined ? this.names[0] : null);
  }

  drawNames() {
    const had = this.list.contains(document.activeElement) ? document.activeElement.dataset.place : null;
    const shown = this.names.filter((one) => one.name.toLowerCase().includes(this.query) || typeName(one.type).toLowerCase().includes(this.query));
    fill(this.list, shown.slice(0, MOST_NAMES).map((one) => h("li", null, h("button", {
      className: "quiet", "data-place": this.names.indexOf(one), "aria-current": one === this.chosen ? "true" : null, onClick: () => this.pick(one),
    }, h("bdi", { className: "value-name" }, visibleName(one.name)), h("span", { className: "faint value-type" }, typeName(one.type), one.count > 1 && ` \u00d7${one.count}`)))),
    shown.length > MOST_NAMES && h("li", { className: "faint" }, t("values.more", { n: shown.length - MOST_NAMES })),
    !shown.length && h("li", { className: "faint" }, t("values.nomatch")));
    this.list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
    if (had !== null) this.list.querySelector(`[data-place="${had}"]`)?.focus();
  }

  pick(one) {
    const isAlone = this.names.filter((other) => other.name === one.name).length === 1;
    change({ value: one.name, vtype: isAlone ? null : one.type, index: null }, { push: true });
  }

  async choose() {
    this.drawNames();
    this.view?.dispose();
    this.view = null;
    const one = this.chosen;
    if (!one) return void fill(this.body, h("p", { className: "faint" }, t("values.gone", { name: visibleName(this.state.value ?? "") })));
    const mine = (this.shown = `${one.type} ${one.name}`);
    const place = h("div");
    fill(this.body, h("h2", null, h("bdi", null, visibleName(one.name)), " ", h("small", { className: "faint" }, typeName(one.type))), place);
    const make = VIEWS[one.type] ?? VIEWS.json;
    const view = new make({ run: this.run, name: one.name, type: one.type, count: one.count, place, index: this.state.index, onIndex: (index) => change({ index }, { quiet: true }) });
    this.view = view;
    try {
      await view.open();
    } catch (error) {
      if (mine === this.shown && error.name !== "AbortError") fill(place, h("p", { className: "problem", role: "alert" }, error.message));
    }
  }

  async update(state) {
    const before = this.state;
    this.state = state;
    if (!this.names.length) return;
    if (before.value !== state.value || before.vtype !== state.vtype) await this.choose();
    else if (before.index !== state.index) await this.view?.goTo?.(state.index);
  }

  /** Something came to the run: ask for what is new, at most every two seconds. */
  note() {
    if (this.isWaiting) return;
    this.isWaiting = true;
    this.timer = setTimeout(async () => {
      this.isWaiting = false;
      try {
        await this.refresh();
      } catch (error) {
        if (error.name !== "AbortError" && error.status !== 0) fill(this.body, h("p", { className: "problem", role: "alert" }, error.message));
      }
    }, PAUSE_MS);
  }

  async refresh() {
    const before = this.names;
    const old = this.chosen;
    this.names = (await this.ask("api/values", { run: this.run })).names;
    if (JSON.stringify(before) === JSON.stringify(this.names)) return;
    if (!before.length) {
      this.frame();
      return void (await this.choose());
    }
    this.drawNames();
    const now = this.chosen;
    if (old && now && now.count !== old.count) await this.view?.grew?.(now.count);
  }

  dispose() {
    clearTimeout(this.timer);
    this.view?.dispose();
  }
}

/** Show the tab. */
export async function show(container, context, state = context.state ?? {}) {
  const tab = new ValuesTab(container, context, state);
  await tab.open();
  return { update: (now) => tab.update(now), note: (event) => tab.note(event), dispose: () => tab.dispose() };
}

