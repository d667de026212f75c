// Pictures and figures.

import { cutText } from "../base/cut.js";
import { fill, h } from "../base/dom.js";
import { tree } from "../base/tree.js";
import { visibleName } from "../base/visible.js";
import { addWords, t } from "../base/words.js";
import { fileLink, SteppedView, stepSlider, stepText } from "./values_view.js";

addWords({
  "view.fit": ["Fit", "全体"],
  "view.zoom": ["Zoom", "拡大率"],
  "view.pixels": ["Sharp pixels", "ピクセルをそのまま表示"],
  "view.beside": ["Side by side", "並べて比較"],
  "view.nopicture": ["The picture cannot be shown: its file is gone, or no picture of a known type.", "画像を表示できません。ファイルがないか、対応していない形式です。"],
  "view.nokind": ["A page does not show pictures of this type.", "この形式の画像はページに表示できません。"],
  "view.figure": ["This figure needs its own library, which is not here; this is its JSON.", "この図には専用ライブラリが必要です。JSON を表示します。"],
  "view.size": ["{width} \u00d7 {height}", "{width} \u00d7 {height}"],
});

const PICTURES = /\.(png|jpe?g|gif|webp|svg)$/i;
const ZOOMS = [0.25, 0.5, 1, 2, 4, 8, 16];

/** Pictures: zoom, sharp pixels, two steps side by side. */
export class ImageView extends SteppedView {
  zoom = null;
  isSharp = true;
  other = null;

  controls() {
    return [
      h("label", null, t("view.zoom"), " ", h("select", { onChange: (event) => this.set({ zoom: event.target.value ? Number(event.target.value) : null }) },
        h("option", { value: "" }, t("view.fit")), ZOOMS.map((zoom) => h("option", { value: zoom, selected: zoom === this.zoom }, `${zoom * 100}%`)))),
      h("label", null, h("input", { type: "checkbox", checked: this.isSharp, onChange: (event) => this.set({ isSharp: event.target.checked }) }), " ", t("view.pixels")),
      this.rows.length > 1 && h("label", null, h("input", { type: "checkbox", checked: this.other !== null, onChange: (event) => this.set({ other: event.target.checked ? Math.max(0, this.at - 1) : null }) }), " ", t("view.beside")),
    ];
  }

  set(changes) {
    Object.assign(this, changes);
    this.show();
  }

  async show() {
    this.mine ??= new Frame(this);
    this.mine.show(this.row);
    if (this.other === null) return void fill(this.body, h("div", { className: "value-images" }, this.mine.element));
    this.second ??= new Frame(this);
    this.other = Math.min(this.other, this.rows.length - 1);
    this.second.show(this.rows[this.other]);
    const slider = stepSlider(this.rows, () => this.other, (at) => {
      if (at < 0 || at >= this.rows.length) return;
      this.other = at;
      slider.sync();
      this.second.show(this.rows[at]);
    });
    slider.sync();
    fill(this.body, h("div", { className: "value-images" }, this.mine.element, h("div", null, h("div", { className: "value-stepper" }, slider.element), this.second.element)));
  }
}

/** One picture, which stays while the next one comes. */
class Frame {
  constructor(view) {
    this.view = view;
    this.holder = h("div", { className: "image-scroll", tabindex: "0", role: "group" });
    this.caption = h("div", { className: "faint image-caption" });
    this.element = h("div", { className: "image-frame" }, this.holder, this.caption);
  }

  show(row) {
    const [height, width] = row.shape ?? [];
    fill(this.caption, h("bdi", null, visibleName(row.artifact ?? "")), width && ` \u00b7 ${t("view.size", { width, height })}`, " \u00b7 ", fileLink(row));
    this.holder.setAttribute("aria-label", `${this.view.name} ${stepText(row)}`);
    if (!PICTURES.test(row.artifact ?? "")) return void fill(this.holder, h("p", { className: "faint" }, t("view.nokind")));
    if (this.row === row) return this.look(this.image);
    this.row = row;
    const image = h("img", { alt: `${this.view.name} ${stepText(row)}`, src: `file/${row.file}` });
    image.addEventListener("load", () => {
      if (this.row !== row) return;
      this.image = image;
      this.look(image);
      fill(this.holder, image);
    });
    image.addEventListener("error", () => this.row === row && fill(this.holder, h("p", { className: "problem", role: "alert" }, t("view.nopicture"))));
    if (!this.holder.firstChild) fill(this.holder, image);
  }

  look(image) {
    if (!image) return;
    const { zoom, isSharp } = this.view;
    image.className = isSharp ? "sharp" : "";
    const natural = image.naturalWidth || 300;
    image.style.width = zoom ? `${natural * zoom}px` : `${Math.max(natural, 320)}px`;
    image.style.maxWidth = zoom ? "none" : "100%";
  }
}

/** A figure of a library: its JSON. */
export class FigureView extends SteppedView {
  async show() {
    const found = await this.ask(`preview/${this.row.file}`, {});
    fill(this.body, h("p", { className: "faint" }, t("view.figure"), " ", fileLink(this.row)), found.kind === "json" ? tree(found.value) : h("pre", { tabindex: "0" }, found.text ?? ""), found.cut && h("p", { className: "faint" }, cutText(found.cut)));
  }
}
