// The files that a run keeps: a list to filter and sort, a preview of the chosen one, its download and its path.

import { get, latest, urlFor } from "../base/api.js";
import { cutText } from "../base/cut.js";
import { fill, h, settled } from "../base/dom.js";
import { bytes, moment } from "../base/format.js";
import { copyText } from "../base/handout.js";
import { change } from "../base/state.js";
import { tree } from "../base/tree.js";
import { visibleName } from "../base/visible.js";
import { addWords, t } from "../base/words.js";

addWords({
  "files.none": ["This run keeps no files.", "この実行にはファイルがありません。"],
  "files.nomatch": ["No file name matches.", "一致するファイル名がありません。"],
  "files.filter": ["Filter names", "名前で絞り込む"],
  "files.name": ["Name", "名前"],
  "files.size": ["Size", "サイズ"],
  "files.type": ["Type", "種類"],
  "files.time": ["Kept", "保存時刻"],
  "files.total": ["{n} files, {size}", "{n} ファイル、{size}"],
  "files.more": ["{n} more", "残り {n} 件"],
  "files.list": ["Files of the run", "実行のファイル"],
  "files.preview": ["Preview", "プレビュー"],
  "files.download": ["Download", "ダウンロード"],
  "files.copypath": ["Copy path", "パスをコピー"],
  "files.copyhash": ["Copy SHA-256", "SHA-256 をコピー"],
  "files.choose": ["Choose a file to see its beginning.", "ファイルを選ぶと先頭部分を表示します。"],
  "files.gone": ["This file cannot be shown: {text}", "表示できません: {text}"],
  "files.binary": ["No text; its first bytes:", "テキストではありません。先頭のバイト:"],
  "files.picture": ["The picture cannot be shown.", "画像を表示できません。"],
  "files.active": ["Shown as text; a page never runs what a run keeps.", "テキストとして表示します。実行されることはありません。"],
  "files.shortened": ["{text} Download the file for all of it.", "{text} 全体はダウンロードしてください。"],
});

const AT_ONCE = 500;
const PAUSE_MS = 2_000;
const ACTIVE = /\.(html?|xhtml|xml|js)$/i;
const ROWS_AT_ONCE = 200;

class FilesTab {
  constructor(container, context, state) {
    Object.assign(this, { container, run: context.run, state });
    this.ask = latest();
    this.peek = latest();
    this.sort = "name";
    this.isDescending = false;
    this.search = h("input", { type: "search", placeholder: t("files.filter"), "aria-label": t("files.filter"), onInput: settled(() => this.load().catch((error) => this.fail(error)), 150) });
    this.total = h("span", { className: "faint", role: "status" });
    this.list = h("div", { className: "table-scroll file-list", tabindex: "0", role: "region", "aria-label": t("files.list") });
    this.body = h("section", { className: "file-body", "aria-label": t("files.preview") });
  }

  async open() {
    fill(this.container, h("div", { className: "files" }, h("div", { className: "file-side" }, h("div", { className: "value-controls" }, this.search, this.total), this.list), this.body));
    await this.load();
    await this.choose();
  }

  params(more) {
    return { run: this.run, q: this.search.value, sort: this.sort, descending: this.isDescending ? 1 : null, limit: AT_ONCE, ...more };
  }

  async load() {
    const count = Math.max(AT_ONCE, this.rows?.length ?? 0);
    this.found = await this.ask("api/files", this.params({ offset: 0, limit: Math.min(count, 5000) }));
    this.rows = this.found.rows;
    this.draw();
  }

  async more() {
    const found = await get("api/files", this.params({ offset: this.rows.length }));
    this.rows = [...this.rows, ...found.rows];
    this.draw();
  }

  draw() {
    const { total, size } = this.found;
    this.total.textContent = t("files.total", { n: total, size: bytes(size) });
    if (!total) return void fill(this.list, h("p", { className: "faint" }, t(this.search.value ? "files.nomatch" : "files.none")));
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.file : undefined;
    fill(this.list, h("table", null,
      h("thead", null, h("tr", null, ["name", "size", "type", "time"].map((column) => this.head(column)))),
      h("tbody", null, this.rows.map((row) => this.line(row)))),
    total > this.rows.length && h("button", { onClick: () => this.more().catch((error) => this.fail(error)) }, t("files.more", { n: total - this.rows.length })));
    if (focused !== undefined) [...this.list.querySelectorAll("button")].find((button) => button.dataset.file === focused)?.focus();
  }

  head(column) {
    const isSorted = this.sort === column;
    const order = isSorted ? (this.isDescending ? "descending" : "ascending") : "none";
    const next = () => {
      this.isDescending = isSorted ? !this.isDescending : false;
      this.sort = column;
      this.load().catch((error) => this.fail(error));
    };
    return h("th", { scope: "col", className: column === "size" ? "number" : null, "aria-sort": order }, h("button", { className: "quiet", onClick: next }, t(`files.${column}`), isSorted && h("span", { "aria-hidden": "true" }, this.isDescending ? " \u25bc" : " \u25b2")));
  }

  line(row) {
    const slash = row.name.lastIndexOf("/") + 1;
    return h("tr", { "aria-selected": row.name === this.state.file ? "true" : null },
      h("td", null, h("button", { className: "quiet file-name", "data-file": row.name, onClick: () => change({ file: row.name }, { push: true }) },
        slash > 0 && h("bdi", { className: "faint" }, visibleName(row.name.slice(0, slash))), h("bdi", null, visibleName(row.name.slice(slash))))),
      h("td", { className: "number" }, bytes(row.size)), h("td", { className: "faint" }, row.type ?? kindText(row)), h("td", { className: "faint nowrap" }, moment(row.time)));
  }

  async choose() {
    const name = this.state.file;
    if (name === undefined) return void fill(this.body, h("p", { className: "faint" }, this.found.total ? t("files.choose") : ""));
    let row = this.rows.find((one) => one.name === name);
    if (!row) row = (await get("api/files", { run: this.run, q: name, limit: 5000 })).rows.find((one) => one.name === name);
    if (!row) return void fill(this.body, h("p", { className: "problem", role: "alert" }, t("files.gone", { text: visibleName(name) })));
    const place = h("div");
    const slash = row.name.lastIndexOf("/") + 1;
    fill(this.body,
      h("h2", { className: "file-title" }, h("bdi", null, visibleName(row.name.slice(slash)))),
      h("div", { className: "value-controls" },
        h("a", { href: urlFor(`file/${row.id}`, { download: 1 }), download: "" }, t("files.download")),
        h("button", { className: "quiet", onClick: (event) => copyText(`${this.found.path}/${row.name}`, event.currentTarget) }, t("files.copypath")),
        h("button", { className: "quiet", onClick: (event) => copyText(row.sha256, event.currentTarget), title: row.sha256 }, t("files.copyhash")),
        h("span", { className: "faint" }, `${bytes(row.size)} \u00b7 ${moment(row.time)}`)),
      place);
    try {
      const found = await this.peek(`preview/${row.id}`, {});
      fill(place, ...previewOf(found, row));
    } catch (error) {
      if (error.name !== "AbortError") fill(place, h("p", { className: "problem", role: "alert" }, t("files.gone", { text: error.message })));
    }
  }

  fail(error) {
    if (error.name !== "AbortError") fill(this.list, h("p", { className: "problem", role: "alert" }, error.message));
  }

  async update(state) {
    const before = this.state.file;
    this.state = state;
    if (before === state.file) return;
    this.draw();
    await this.choose();
  }

  note(event) {
    if (this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      // After a new start of the server the old links are dead.
      this.load().then(() => event?.reset && this.choose()).catch(() => {});
    }, PAUSE_MS);
  }

  dispose() {
    clearTimeout(this.timer);
  }
}

function kindText(row) {
  const ending = /\.([A-Za-z0-9]{1,8})$/.exec(row.name);
  return ending ? ending[1].toLowerCase() : "";
}

function previewOf(found, row) {
  const cut = found.cut && h("p", { className: "faint" }, t("files.shortened", { text: cutText(found.cut) }));
  if (found.kind === "image") return [imageOf(row)];
  if (found.kind === "table") return [cut, tableOf(found)];
  if (found.kind === "json") return [cut, tree(found.value)];
  if (found.kind === "notebook") return [cut, ...found.cells.map(notebookCell)];
  if (found.kind === "binary") return [h("p", { className: "faint" }, t("files.binary")), h("pre", { className: "hex", tabindex: "0" }, found.text), cut];
  return [ACTIVE.test(row.name) && h("p", { className: "faint" }, t("files.active")), cut, h("pre", { className: "file-text", tabindex: "0" }, found.text)];
}

function imageOf(row) {
  const holder = h("div", { className: "image-scroll", tabindex: "0", role: "group", "aria-label": visibleName(row.name) });
  const image = h("img", { alt: visibleName(row.name), src: `file/${row.id}`, className: "file-image" });
  image.addEventListener("error", () => fill(holder, h("p", { className: "problem", role: "alert" }, t("files.picture"))));
  return fill(holder, image);
}

function tableOf(found) {
  const body = h("tbody");
  const more = h("button", { onClick: () => add() });
  let shown = 0;
  const add = () => {
    body.append(...found.rows.slice(shown, shown + ROWS_AT_ONCE).map((row, at) => h("tr", null, h("td", { className: "number faint" }, shown + at + 1),
      row.map((text) => h("td", { className: text !== "" && Number.isFinite(Number(text)) ? "number" : null }, h("bdi", null, text))))));
    shown = Math.min(found.rows.length, shown + ROWS_AT_ONCE);
    more.hidden = shown >= found.rows.length;
    more.textContent = t("files.more", { n: found.rows.length - shown });
  };
  add();
  return h("div", null, h("div", { className: "table-scroll", tabindex: "0" }, h("table", null, h("thead", null, h("tr", null, h("th", { className: "faint" }, "#"), found.columns.map((text) => h("th", { scope: "col" }, h("bdi", null, text))))), body)), more);
}

function notebookCell(cell) {
  return h("section", { className: "notebook-cell", "data-type": cell.type }, h("div", { className: "faint" }, cell.type), h("pre", { tabindex: "0" }, cell.source), cell.outputs.map((text) => h("pre", { className: "notebook-output", tabindex: "0" }, text)));
}

/** Show the tab. */
export async function show(container, context, state = context.state ?? {}) {
  const tab = new FilesTab(container, context, state);
  await tab.open();
  return { update: (now) => tab.update(now), note: (event) => tab.note(event), dispose: () => tab.dispose() };
}
