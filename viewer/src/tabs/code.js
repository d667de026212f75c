// The code that a run was started with: git's facts, the files of the snapshot, one of them with line numbers.

import { get, latest, urlFor } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { bytes, moment } from "../base/format.js";
import { change } from "../base/state.js";
import { visibleName } from "../base/visible.js";
import { addWords, t } from "../base/words.js";
import { Listing } from "./code_listing.js";

addWords({
  "code.none": ["This run has no snapshot of its code. Run.take_snapshot() keeps one; submitted runs have it.", "コードのスナップショットがありません。Run.take_snapshot() で保存できます。"],
  "code.git": ["Git", "Git"],
  "code.commit": ["commit", "コミット"],
  "code.branch": ["branch", "ブランチ"],
  "code.remote": ["remote", "リモート"],
  "code.root": ["root", "ルート"],
  "code.state": ["state", "状態"],
  "code.dirty": ["with uncommitted changes", "未コミットの変更あり"],
  "code.clean": ["as committed", "コミット済み"],
  "code.unknown": ["not known whether it had changes", "変更の有無は不明"],
  "code.nogit": ["Git knew nothing of the folder.", "Git の情報はありません。"],
  "code.note": ["note", "注記"],
  "code.snapshot": ["Snapshot", "スナップショット"],
  "code.zip": ["Download zip", "zip をダウンロード"],
  "code.files": ["{n} files, {size}", "{n} ファイル、{size}"],
  "code.filter": ["Filter files", "ファイルを絞り込む"],
  "code.list": ["Files of the code", "コードのファイル"],
  "code.choose": ["Choose a file to read it.", "ファイルを選ぶと表示します。"],
  "code.binary": ["This file is no text.", "テキストではありません。"],
  "code.morefiles": ["{n} more; type to find them", "残り {n} 件。入力して絞り込めます"],
  "code.nomatch": ["No file name matches.", "一致するファイル名がありません。"],
  "code.leftout": ["Left out ({n})", "除外 ({n})"],
  "code.omitted": ["{n} more files are in the zip", "残り {n} ファイルは zip にあります"],
});

const MOST_NAMES = 500;

class CodeTab {
  constructor(container, context, state) {
    Object.assign(this, { container, run: context.run, state });
    this.ask = latest();
    this.query = "";
    this.list = h("ul", { className: "value-names" });
    this.body = h("section", { className: "value-body" });
  }

  async open() {
    this.code = await get("api/code", { run: this.run });
    const { code } = this;
    if (!code.files.length) return void fill(this.container, gitFacts(code.git), h("p", { className: "faint" }, t("code.none")));
    const search = h("input", { type: "search", placeholder: t("code.filter"), "aria-label": t("code.filter"), onInput: (event) => {
      this.query = event.target.value.toLowerCase();
      this.drawList();
    } });
    fill(this.container, gitFacts(code.git), this.snapshotFacts(),
      h("div", { className: "values" }, h("nav", { className: "value-side", "aria-label": t("code.list") }, search, this.list), this.body));
    this.drawList();
    await this.choose();
  }

  get chosen() {
    return this.state.code ?? (this.code.files.length === 1 ? this.code.files[0].name : undefined);
  }

  snapshotFacts() {
    const { code } = this;
    return h("section", { className: "code-facts" }, h("h2", null, t("code.snapshot")),
      h("div", { className: "value-controls" }, h("span", null, t("code.files", { n: code.files.length + code.omitted, size: bytes(code.size) })),
        code.taken && h("span", { className: "faint" }, moment(code.taken)), code.folder && h("bdi", { className: "mono faint" }, code.folder),
        h("a", { href: urlFor("api/code_zip", { run: this.run, download: 1 }), download: "" }, t("code.zip"))),
      code.id && h("p", { className: "mono faint code-id" }, code.id),
      code.omitted > 0 && h("p", { className: "faint" }, t("code.omitted", { n: code.omitted })),
      code.left_out.length > 0 && h("details", null, h("summary", null, t("code.leftout", { n: code.left_out.length })),
        h("ul", null, code.left_out.map((one) => h("li", null, h("bdi", { className: "mono" }, visibleName(one?.name ?? "")), h("span", { className: "faint" }, ` ${one?.reason ?? ""}`))))));
  }

  drawList() {
    const shown = this.code.files.filter((file) => file.name.toLowerCase().includes(this.query));
    fill(this.list, shown.slice(0, MOST_NAMES).map((file) => h("li", null, h("button", { className: "quiet", "aria-current": file.name === this.chosen ? "true" : null, onClick: () => change({ code: file.name, line: null }, { push: true }) },
      h("bdi", { className: "value-name mono" }, visibleName(file.name)), h("span", { className: "faint value-type" }, bytes(file.size))))),
    shown.length > MOST_NAMES && h("li", { className: "faint" }, t("code.morefiles", { n: shown.length - MOST_NAMES })),
    !shown.length && h("li", { className: "faint" }, t("code.nomatch")));
  }

  async choose() {
    this.listing?.dispose();
    this.listing = null;
    const name = this.chosen;
    if (name === undefined) return void fill(this.body, h("p", { className: "faint" }, t("code.choose")));
    try {
      const found = await this.ask("api/code", { run: this.run, name });
      this.listing = found.binary ? null : new Listing(found);
      fill(this.body, h("h2", { className: "file-title" }, h("bdi", { className: "mono" }, visibleName(name))), this.listing ? this.listing.element : h("p", { className: "faint" }, t("code.binary")));
    } catch (error) {
      if (error.name !== "AbortError") fill(this.body, h("p", { className: "problem", role: "alert" }, error.message));
    }
  }

  async update(state) {
    const before = this.state.code;
    this.state = state;
    if (before === state.code || !this.code.files.length) return;
    this.drawList();
    await this.choose();
  }
}

function gitFacts(git) {
  if (!git) return h("p", { className: "faint" }, t("code.nogit"));
  const state = git.dirty === true ? "code.dirty" : git.dirty === false ? "code.clean" : "code.unknown";
  const rows = [...["commit", "branch", "remote", "root", "note"].map((name) => [t(`code.${name}`), git[name]]), [t("code.state"), t(state)]].filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h("section", { className: "code-facts" }, h("h2", null, t("code.git")),
    h("table", null, h("tbody", null, rows.map(([name, value]) => h("tr", null, h("th", { scope: "row" }, name), h("td", null, h("bdi", { className: name === t("code.state") ? null : "mono" }, visibleName(value))))))));
}

/** Show the tab. */
export async function show(container, context, state = context.state ?? {}) {
  const tab = new CodeTab(container, context, state);
  await tab.open();
  return { update: (now) => tab.update(now), note() {}, dispose: () => tab.listing?.dispose() };
}
