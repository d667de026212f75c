// The code that a run was started with: git's facts, the files of the snapshot, one of them with line numbers.

import { get, latest, urlFor } from "../base/api.js";
import { fill, h, settled } from "../base/dom.js";
import { bytes, moment } from "../base/format.js";
import { copyText } from "../base/handout.js";
import { change } from "../base/state.js";
import { visibleName } from "../base/visible.js";
import { addWords, t } from "../base/words.js";

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
  "code.find": ["Find in this file", "このファイル内を検索"],
  "code.hits": ["{at} of {n}", "{n} 件中 {at}"],
  "code.nohits": ["not found", "見つかりません"],
  "code.nexthit": ["Next hit", "次の一致"],
  "code.lasthit": ["Previous hit", "前の一致"],
  "code.copy": ["Copy", "コピー"],
  "code.lines": ["{n} lines", "{n} 行"],
  "code.more": ["{n} more lines", "残り {n} 行"],
  "code.leftout": ["Left out ({n})", "除外 ({n})"],
  "code.omitted": ["{n} more files are in the zip", "残り {n} ファイルは zip にあります"],
});

const LINES_AT_ONCE = 2000;
const MOST_HITS = 5000;

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
    fill(this.list, shown.map((file) => h("li", null, h("button", { className: "quiet", "aria-current": file.name === this.state.code ? "true" : null, onClick: () => change({ code: file.name, line: null }, { push: true }) },
      h("bdi", { className: "value-name mono" }, visibleName(file.name)), h("span", { className: "faint value-type" }, bytes(file.size))))));
  }

  async choose() {
    const name = this.state.code ?? (this.code.files.length === 1 ? this.code.files[0].name : undefined);
    if (name === undefined) return void fill(this.body, h("p", { className: "faint" }, t("code.choose")));
    try {
      const found = await this.ask("api/code", { run: this.run, name });
      fill(this.body, h("h2", { className: "file-title" }, h("bdi", { className: "mono" }, visibleName(name))), found.binary ? h("p", { className: "faint" }, t("code.binary")) : new Listing(found).element);
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

/** A text with line numbers, in which something can be found. */
class Listing {
  constructor(found) {
    this.lines = found.text.split("\n");
    if (this.lines.length > 1 && this.lines.at(-1) === "") this.lines.pop();
    this.shown = 0;
    this.hits = [];
    this.at = -1;
    this.table = h("div", { className: "code-lines", role: "region", tabindex: "0", "aria-label": visibleName(found.name) });
    this.say = h("span", { className: "faint", role: "status" });
    this.find = h("input", { type: "search", placeholder: t("code.find"), "aria-label": t("code.find"), onInput: settled(() => this.search(), 120), onKeydown: (event) => event.key === "Enter" && this.go(event.shiftKey ? -1 : 1) });
    this.more = h("button", { onClick: () => this.add(LINES_AT_ONCE) });
    this.element = h("div", null,
      h("div", { className: "value-controls" }, this.find, h("button", { className: "quiet", "aria-label": t("code.lasthit"), onClick: () => this.go(-1) }, "\u2039"), h("button", { className: "quiet", "aria-label": t("code.nexthit"), onClick: () => this.go(1) }, "\u203a"), this.say,
        h("span", { className: "spring" }), h("span", { className: "faint" }, t("code.lines", { n: this.lines.length })), h("button", { className: "quiet", onClick: (event) => copyText(found.text, event.currentTarget) }, t("code.copy"))),
      found.cut && h("p", { className: "faint" }, found.cut), this.table, this.more);
    this.add(LINES_AT_ONCE);
  }

  add(count) {
    const until = Math.min(this.lines.length, this.shown + count);
    for (; this.shown < until; this.shown += 1) {
      const text = h("span", { className: "code-text" });
      fill(text, ...this.marked(this.shown));
      this.table.append(h("div", { className: "code-line" }, h("span", { className: "code-number", "data-line": this.shown + 1 }), text));
    }
    this.more.hidden = this.shown >= this.lines.length;
    this.more.textContent = t("code.more", { n: this.lines.length - this.shown });
  }

  marked(at) {
    const line = this.lines[at];
    const query = this.query;
    if (!query) return [line];
    const parts = [];
    const low = line.toLowerCase();
    let from = 0;
    for (let hit = low.length === line.length ? low.indexOf(query) : -1; hit >= 0; hit = low.indexOf(query, hit + query.length)) {
      parts.push(line.slice(from, hit), h("mark", null, line.slice(hit, hit + query.length)));
      from = hit + query.length;
    }
    return [...parts, line.slice(from)];
  }

  search() {
    const before = this.hits;
    this.query = this.find.value.toLowerCase();
    this.hits = [];
    if (this.query) this.lines.forEach((line, at) => this.hits.length < MOST_HITS && line.toLowerCase().includes(this.query) && this.hits.push(at));
    for (const at of new Set([...before, ...this.hits])) this.redraw(at);
    this.at = -1;
    this.say.textContent = this.query && !this.hits.length ? t("code.nohits") : "";
    if (this.hits.length) this.go(1);
  }

  redraw(at) {
    const line = this.table.children[at];
    if (line) fill(line.lastChild, ...this.marked(at));
  }

  go(by) {
    const n = this.hits.length;
    if (!n) return;
    this.table.children[this.hits[this.at]]?.classList.remove("code-hit");
    this.at = (this.at + by + n) % n;
    const place = this.hits[this.at];
    if (place >= this.shown) this.add(place - this.shown + LINES_AT_ONCE);
    const line = this.table.children[place];
    line.classList.add("code-hit");
    line.scrollIntoView({ block: "center" });
    this.say.textContent = t("code.hits", { at: this.at + 1, n });
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
  return { update: (now) => tab.update(now), note() {}, dispose() {} };
}
