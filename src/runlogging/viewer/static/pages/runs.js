// The table of all runs: filter, sort, columns, groups, selection. Only what is seen is asked for and drawn.

import { get, Refused } from "../base/api.js";
import { RunColours } from "../base/colours.js";
import { fill, h, s, settled } from "../base/dom.js";
import { duration, moment, number } from "../base/format.js";
import { copyText, download } from "../base/handout.js";
import { bindKeys } from "../base/keys.js";
import { watch } from "../base/live.js";
import { change, go, remember, remembered, urlOf } from "../base/state.js";
import { makeTable } from "../base/table.js";
import { addWords, t } from "../base/words.js";

addWords({
  "runs.title": ["Runs", "実行一覧"],
  "runs.filter": ["Filter, such as metrics.loss < 0.1 and tags.model = 'ridge'", "フィルター (例: metrics.loss < 0.1 and tags.model = 'ridge')"],
  "runs.filterlabel": ["Filter", "フィルター"],
  "runs.experiment": ["Experiment", "実験"],
  "runs.all": ["all experiments", "すべての実験"],
  "runs.group": ["Group by", "グループ化"],
  "runs.nogroup": ["no grouping", "なし"],
  "runs.columns": ["Columns", "列"],
  "runs.find": ["Find a column", "列を検索"],
  "runs.figure": ["more", "他の値"],
  "runs.pin": ["Pin {name}", "{name} を固定"],
  "runs.left": ["Move {name} left", "{name} を左へ"],
  "runs.right": ["Move {name} right", "{name} を右へ"],
  "runs.remove": ["Remove {name}", "{name} を除く"],
  "runs.reset": ["Default columns", "既定の列"],
  "runs.count": ["{fitting} of {runs} runs", "{runs} 件中 {fitting} 件"],
  "runs.loading": ["reading runs", "読み込み中"],
  "runs.damaged": ["{count} damaged", "破損 {count}"],
  "runs.selected": ["{count} selected", "{count} 件を選択"],
  "runs.compare": ["Compare", "比較"],
  "runs.hide": ["Hide", "隠す"],
  "runs.show": ["Show {count} hidden", "隠した {count} 件を表示"],
  "runs.path": ["Copy paths", "パスをコピー"],
  "runs.python": ["Copy Python", "Python をコピー"],
  "runs.clear": ["Clear", "選択解除"],
  "runs.out": ["Table as", "表の出力"],
  "runs.none": ["No run fits.", "該当する実行はありません。"],
  "runs.fold": ["Fold all", "すべて折りたたむ"],
  "runs.unfold": ["Unfold all", "すべて展開"],
  "runs.select": ["Select {name}", "{name} を選択"],
  "runs.selectall": ["Select all that fit", "該当するすべてを選択"],
  "runs.key.filter": ["Go to the filter", "フィルターへ"],
  "runs.key.compare": ["Compare the selected runs", "選択した実行を比較"],
  "runs.runs": ["runs", "実行"],
  "runs.status": ["status", "状態"],
  "runs.name": ["name", "名前"],
  "runs.tags": ["tags", "タグ"],
  "runs.started": ["started", "開始"],
  "runs.ended": ["ended", "終了"],
  "runs.created": ["created", "作成"],
  "runs.duration": ["duration", "所要時間"],
  "runs.number": ["number", "番号"],
  "runs.parent": ["parent", "親"],
  "runs.type": ["type", "種類"],
  "runs.host": ["host", "ホスト"],
  "runs.experimentcolumn": ["experiment", "実験"],
  "runs.mean": ["mean", "平均"],
  "runs.median": ["median", "中央値"],
  "runs.std": ["± standard deviation", "± 標準偏差"],
  "runs.stderr": ["± standard error", "± 標準誤差"],
  "runs.minmax": ["least to greatest", "最小から最大"],
  "runs.quantile": ["25 % to 75 %", "25 % から 75 %"],
  "runs.missing": ["missing", "なし"],
  "runs.problem": ["This run cannot be read: {text}", "読み込めない実行: {text}"],
});

const CHUNK = 60;
const FACTS = ["status", "experiment", "started", "duration", "tags", "created", "ended", "number", "parent", "type", "host"];
const WIDTHS = { status: 120, experiment: 120, started: 168, created: 168, ended: 168, duration: 90, tags: 200, number: 70, parent: 220, host: 110, type: 90 };
const MOST_GROUPS = 500;
const REFRESH_MS = 1000;

/** Join names for the URL: a comma inside a name is written otherwise. */
export const joined = (names) => names.map((name) => name.replaceAll("%", "%25").replaceAll(",", "%2C")).join(",");

/** Take such a text apart. */
export const parted = (text) => (text ? text.split(",").map((name) => name.replaceAll("%2C", ",").replaceAll("%25", "%")) : []);

/** The link to a run. */
export const runLink = (key) => urlOf({ view: "run", run: key });

export async function show(container, state) {
  const page = new RunsPage(container, state);
  await page.begin();
  return { update: (now) => page.update(now), dispose: () => page.dispose() };
}

class RunsPage {
  constructor(container, state) {
    this.state = state;
    this.container = container;
    this.rows = new Map(); // place -> row
    this.have = new Map(); // chunk -> set of columns that were asked for
    this.chosen = new Map(); // key -> row
    this.isAll = false; // all that fit are selected
    this.turned = new Set(); // folded the other way than the rest
    this.hidden = new Set(remembered("runs.hidden", []));
    this.hiddenGroups = new Set();
    this.sparks = new Map(); // key + name -> values
    this.colours = new RunColours();
    this.known = [];
    this.facts = { total: 0, fitting: 0, runs: 0, problems: 0, loading: false };
    this.stops = [];
    this.loadedAt = 0;
    this.controller = new AbortController();
  }

  // ------------------------------------------------------------------ state

  get sort() {
    return parted(this.state.sort);
  }

  get group() {
    return parted(this.state.group);
  }

  get ids() {
    if (this.state.cols) return parted(this.state.cols);
    return remembered("runs.columns") ?? this.usual();
  }

  usual() {
    const metrics = this.known.filter((column) => column.kind === "metric");
    metrics.sort((one, other) => other.count - one.count);
    return ["status", "experiment", "started", "duration", "tags", ...metrics.slice(0, 3).map((column) => column.name)];
  }

  setColumns(ids) {
    remember("runs.columns", ids);
    this.put({ cols: joined(ids) });
    if (this.isChooserOpen) this.drawChooser();
  }

  columns() {
    const sort = this.sort;
    const directions = new Map(sort.map((name, place) => [name.replace(/^-/, ""), { sort: name.startsWith("-") ? "down" : "up", rank: sort.length > 1 ? place + 1 : 1 }]));
    const make = (id, isPinned) => ({
      id,
      title: titleOf(id),
      width: this.widthOf(id),
      pinned: isPinned,
      number: isNumber(id),
      ...(directions.get(id) ?? { sort: "", rank: 1 }),
    });
    const all = this.ids.map((text) => make(text.replace(/^!/, ""), text.startsWith("!")));
    return [
      { id: "select", title: "", width: 34, pinned: true, sort: "", head: this.allBox() },
      { ...make("name", true), width: 230 },
      ...all.filter((column) => column.pinned),
      ...all.filter((column) => !column.pinned),
    ];
  }

  widthOf(id) {
    if (id in WIDTHS) return WIDTHS[id];
    if (isMetric(id)) return 176;
    return Math.min(200, Math.max(90, 24 + 8 * titleOf(id).length));
  }

  put(values, options) {
    change(values, options);
  }

  // ------------------------------------------------------------------ life

  async begin() {
    this.build();
    await this.load({ about: 1 });
    // A wrong filter in a link stands in the way of the table, not of the choices.
    if (!this.known.length) await get("api/runs", { limit: 0, about: 1 }).then((answer) => this.learn(answer), () => null);
    this.stops.push(
      bindKeys({
        "/": [t("runs.key.filter"), () => this.input.focus()],
        c: [t("runs.key.compare"), () => this.compare()],
      }),
      watch("runs", () => this.soon()),
    );
    const timer = setInterval(() => this.tick(), 1000);
    const onTheme = () => this.draw();
    addEventListener("themechange", onTheme);
    this.stops.push(() => clearInterval(timer), () => removeEventListener("themechange", onTheme));
  }

  dispose() {
    this.controller.abort();
    clearTimeout(this.timer);
    this.table?.dispose();
    for (const stop of this.stops) stop();
  }

  update(state) {
    const before = this.state;
    this.state = state;
    const isSame = ["where", "exp", "sort", "group", "agg", "band", "fold", "cols"].every((name) => before[name] === state[name]);
    if (isSame) return;
    if (this.input !== document.activeElement) this.input.value = state.where ?? "";
    this.drawBar();
    const isOnlyColumns = ["where", "exp", "sort", "group", "agg", "band", "fold"].every((name) => before[name] === state[name]);
    if (isOnlyColumns && !state.group) return this.draw();
    if (before.where !== state.where || before.exp !== state.exp) this.clear();
    this.load({ isNew: true });
  }

  /** Something changed: look again, at most once a second. */
  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load({ fresh: 1, about: 1 }), Math.max(0, this.loadedAt + REFRESH_MS - Date.now()));
  }

  tick() {
    for (const element of this.container.querySelectorAll("[data-ticks]")) {
      element.textContent = duration((Date.now() - Number(element.dataset.ticks)) / 1000);
    }
  }

  // ------------------------------------------------------------------ data

  params(more) {
    const { where, exp, fold } = this.state;
    return { where, experiment: exp, sort: this.sort, fold, closed: [...this.turned].slice(0, 200), hidden: [...this.hidden].slice(0, 200), ...more };
  }

  /** The columns that the server is asked for. */
  asked(ids) {
    return ids.filter((id) => !["select", "name", "status", "tags", "duration", "started", "created", "ended", "experiment", "number", "parent"].includes(id));
  }

  async load({ isNew = false, ...more } = {}) {
    this.controller.abort();
    const mine = (this.controller = new AbortController());
    this.loadedAt = Date.now();
    const seen = isNew ? [0, CHUNK] : (this.seen ?? [0, CHUNK]);
    const first = Math.floor(seen[0] / CHUNK) * CHUNK;
    const ids = this.asked(this.ids.map((id) => id.replace(/^!/, "")));
    const window_ = this.group.length
      ? { group: this.group, agg: this.state.agg, band: this.state.band }
      : { offset: first, limit: Math.ceil((seen[1] - first) / CHUNK) * CHUNK };
    try {
      const answer = await get("api/runs", this.params({ columns: ids.slice(0, 60), ...window_, ...more }), mine.signal);
      if (mine !== this.controller) return;
      this.say(null);
      const isFirst = !this.known.length;
      if (answer.columns) this.learn(answer);
      this.facts = answer;
      this.have.clear();
      if (isNew) this.rows.clear();
      if (answer.rows) this.take(answer, ids.slice(0, 60), true);
      if (answer.loading) this.soon();
      if (isNew && this.table) this.table.element.scrollTop = 0;
      this.draw();
      if (isFirst && answer.columns && !answer.groups && !this.state.cols && !remembered("runs.columns")) await this.load();
    } catch (error) {
      if (error.name !== "AbortError") this.say(error);
    }
  }

  learn({ columns, experiments }) {
    this.known = columns;
    this.experiments = experiments;
    this.drawBar();
  }

  take({ rows, offset }, ids, isWhole = false) {
    if (isWhole) this.rows.clear();
    rows.forEach((row, number_) => {
      const before = this.rows.get(offset + number_);
      if (before?.key === row.key) row.cells = { ...before.cells, ...row.cells };
      this.rows.set(offset + number_, row);
      if (this.chosen.has(row.key)) this.chosen.set(row.key, row);
    });
    for (let chunk = Math.floor(offset / CHUNK); chunk * CHUNK < offset + Math.max(rows.length, 1); chunk += 1) {
      const have = this.have.get(chunk) ?? new Set([""]);
      for (const id of ids) have.add(id);
      this.have.set(chunk, have);
    }
  }

  need(first, last, columns) {
    this.seen = [first, last];
    const ids = this.asked(columns.map((column) => column.id));
    for (let chunk = Math.floor(first / CHUNK); chunk * CHUNK < last; chunk += 1) {
      const have = this.have.get(chunk) ?? new Set();
      const missing = ids.filter((id) => !have.has(id));
      if (have.has("") && !missing.length) continue;
      this.have.set(chunk, new Set([...have, "", ...ids]));
      this.fetch(chunk, missing);
    }
    this.wantSparks(first, last, columns);
  }

  async fetch(chunk, ids) {
    const mine = this.controller;
    try {
      const answer = await get("api/runs", this.params({ columns: ids, offset: chunk * CHUNK, limit: CHUNK }), mine.signal);
      if (mine !== this.controller) return;
      this.take(answer, ids);
      this.table.redraw();
    } catch (error) {
      if (mine !== this.controller || error.name === "AbortError") return;
      this.have.delete(chunk);
      this.say(error);
    }
  }

  wantSparks = settled((first, last, columns) => this.loadSparks(first, last, columns), 150);

  async loadSparks(first, last, columns) {
    const names = columns.map((column) => column.id).filter((id) => id.startsWith("metrics.")).map((id) => id.slice(8)).slice(0, 12);
    const rows = [];
    for (let place = first; place < last; place += 1) {
      const row = this.rows.get(place);
      if (row && !row.problem && names.some((name) => !this.sparks.has(sparkKey(row, name)))) rows.push(row);
    }
    if (!names.length || !rows.length) return;
    const part = rows.slice(0, Math.floor(400 / names.length));
    for (const row of part) for (const name of names) this.sparks.set(sparkKey(row, name), null);
    try {
      const found = await get("api/sparks", { run: part.map((row) => row.key), name: names });
      for (const row of part) for (const name of names) this.sparks.set(sparkKey(row, name), found[row.key]?.[name] ?? null);
      if (this.sparks.size > 20_000) this.sparks.clear();
      this.table?.redraw();
    } catch {
      // The numbers beside them are there.
    }
  }

  /** All rows that fit, or the selected ones. */
  async wanted(ids) {
    if (this.chosen.size && !this.isAll) {
      // A selected row has only the cells that were seen.
      const all = await this.everything(ids);
      return all.filter((row) => this.chosen.has(row.key));
    }
    return this.everything(ids);
  }

  async everything(ids) {
    const rows = [];
    for (let offset = 0; ; offset += 1000) {
      const answer = await get("api/runs", { ...this.params({ columns: ids, offset, limit: 1000 }), closed: [], fold: null });
      rows.push(...answer.rows.filter((row) => row.fits));
      if (offset + 1000 >= answer.total) return rows;
    }
  }

  // ------------------------------------------------------------------ the page

  build() {
    this.input = h("input", {
      type: "text",
      className: "filter mono",
      value: this.state.where ?? "",
      placeholder: t("runs.filter"),
      "aria-label": t("runs.filterlabel"),
      "aria-describedby": "filter-error",
      spellcheck: "false",
      autocomplete: "off",
      onInput: settled(() => this.put({ where: this.input.value.trim() ? this.input.value : null }), 250),
    });
    this.error = h("div", { id: "filter-error", role: "status" });
    this.bar = h("div", { className: "runs-bar" });
    this.actions = h("div", { className: "runs-actions", role: "toolbar", "aria-label": t("runs.title") });
    this.chooser = h("div", { className: "chooser", hidden: true });
    this.place = h("div", { className: "runs-place" });
    this.count = h("span", { className: "faint", role: "status" });
    fill(this.container, h("div", { className: "runs-page" }, h("h1", { className: "unseen" }, t("runs.title")), h("div", { className: "filter-line" }, this.input), this.error, this.bar, this.actions, this.chooser, this.place));
    this.drawBar();
  }

  say(error) {
    if (error === null) {
      this.input.removeAttribute("aria-invalid");
      return fill(this.error);
    }
    const at = error instanceof Refused ? error.details.position : undefined;
    if (at === undefined) return fill(this.error, h("p", { className: "problem" }, error instanceof Refused && error.status === 0 ? t("app.unreachable") : error.message));
    const where = this.state.where ?? "";
    // The server counts characters, JavaScript halves of some.
    const before = [...where].slice(0, at).join("");
    this.input.setAttribute("aria-invalid", "true");
    fill(
      this.error,
      h("div", { className: "filter-error" },
        h("pre", { className: "caret", "aria-hidden": true }, h("span", { className: "before" }, before), "^"),
        h("p", null, error.message.split("\n")[0]),
      ),
    );
  }

  drawBar() {
    const { exp, group, agg, band, fold } = this.state;
    const choose = (name) => (event) => this.put({ [name]: event.target.value || null }, { push: true });
    const option = (value, text, now) => h("option", { value, selected: value === (now ?? "") }, text);
    const select = (label, name, choices, now) =>
      h("label", null, h("span", { className: "faint" }, label), " ", h("select", { onChange: choose(name), "aria-label": label }, choices.map(([value, text]) => option(value, text, now))));
    const groups = this.known.filter((column) => column.kind === "param" || column.kind === "tag").slice(0, 1000);
    const inGroups = [["", t("runs.nogroup")], ["experiment", titleOf("experiment")], ["parent", titleOf("parent")], ["status", titleOf("status")], ...groups.map(({ name }) => [name, name])];
    if (group && !inGroups.some(([name]) => name === group)) inGroups.push([group, this.group.join(" × ")]);
    fill(
      this.bar,
      select(t("runs.experiment"), "exp", [["", t("runs.all")], ...(this.experiments ?? []).map(({ name, count }) => [name, `${name} (${count})`])], exp),
      select(t("runs.group"), "group", inGroups.map(([name, text]) => [name && name !== group ? joined([name]) : name, text]), group),
      group && h("select", { onChange: choose("agg"), "aria-label": t("runs.mean") }, option("", t("runs.mean"), agg), option("median", t("runs.median"), agg)),
      group && h("select", { onChange: choose("band"), "aria-label": t("runs.std") }, option("", t("runs.std"), band), ["stderr", "minmax", "quantile"].map((name) => option(name, t(`runs.${name}`), band))),
      h("button", { className: "columns", "aria-expanded": String(Boolean(this.isChooserOpen)), onClick: () => this.toggleChooser() }, t("runs.columns")),
      !group && this.hasTree && h("button", { className: "quiet", onClick: () => (this.turned.clear(), this.put({ fold: fold ? null : "all" })) }, t(fold ? "runs.unfold" : "runs.fold")),
      h("div", { className: "spring" }),
      this.count,
    );
  }

  drawActions() {
    const { facts, chosen, isAll } = this;
    const count = isAll ? facts.fitting : chosen.size;
    fill(this.count, t("runs.count", { fitting: facts.fitting, runs: facts.runs }), facts.problems ? [" · ", h("span", { className: "bad" }, t("runs.damaged", { count: facts.problems }))] : null, facts.loading ? ` · ${t("runs.loading")}` : null);
    const button = (name, work, isOff = false) => h("button", { onClick: (event) => work(event.currentTarget), disabled: isOff }, t(`runs.${name}`));
    fill(
      this.actions,
      h("span", { className: "selected", role: "status" }, t("runs.selected", { count })),
      button("compare", () => this.compare(), count < 2),
      button("hide", () => this.hide(), !chosen.size || isAll),
      this.hidden.size > 0 && h("button", { onClick: () => this.unhide() }, t("runs.show", { count: this.hidden.size })),
      button("path", (place) => this.copy(place, (rows) => rows.map((row) => row.path).join("\n")), !count),
      button("python", (place) => this.copy(place, pythonOf), !count),
      button("clear", () => (this.clear(), this.draw()), !count),
      h("div", { className: "spring" }),
      h("span", { className: "faint" }, t("runs.out")),
      ["CSV", "Markdown", "LaTeX"].map((kind) => h("button", { className: "quiet out", onClick: (event) => this.out(kind, event.currentTarget) }, kind)),
    );
  }

  draw() {
    const hasTree = this.hasTree || [...this.rows.values()].some((row) => row.children);
    if (hasTree !== Boolean(this.hasTree)) {
      this.hasTree = hasTree;
      this.drawBar();
    }
    this.drawActions();
    if (this.facts.groups) return this.drawGroups();
    if (!this.facts.total) {
      this.table?.dispose();
      this.table = null;
      return fill(this.place, h("p", { className: "faint" }, t("runs.none")));
    }
    if (!this.table) this.table = this.makeTable();
    this.table.draw();
  }

  makeTable() {
    return makeTable(this.place, {
      label: t("runs.title"),
      columns: () => this.columns(),
      total: () => this.facts.total,
      row: (place) => this.rows.get(place),
      cell: (row, column) => this.cell(row, column),
      card: (row) => this.card(row),
      note: (row) => (row.problem ? t("runs.problem", { text: row.problem }) : null),
      key: (row) => row.key,
      depth: (row) => row.depth,
      isSelected: (row) => this.isSelected(row),
      onSelect: (place, how) => this.select(place, how),
      onOpen: (row) => go({ view: "run", run: row.key }),
      onFold: (row) => this.turn(row),
      onSort: (column, isSecond) => this.sortBy(column, isSecond),
      need: (first, last, columns) => this.need(first, last, columns),
    });
  }

  cell(row, { id }) {
    if (id === "select") return this.box(row);
    if (id === "name") return this.name(row);
    if (id === "status") return statusOf(row.status);
    if (id === "duration") return this.took(row);
    if (id === "tags") return tagsOf(row.tags);
    if (["started", "created", "ended"].includes(id)) return moment(row[id]);
    if (id === "experiment") return row.experiment;
    if (id === "number" || id === "parent") return row[id] ?? "";
    const value = row.cells[id];
    if (!isMetric(id)) return valueText(value);
    const shape = id.startsWith("metrics.") ? this.sparks.get(sparkKey(row, id.slice(8))) : null;
    return [shape && shape.length > 1 ? spark(shape, this.colours.of(row.key)) : null, h("span", { className: "value" }, number(value))];
  }

  name(row) {
    const fold = row.children
      ? h("button", { className: "quiet fold", tabindex: -1, "aria-label": t(row.closed ? "runs.unfold" : "runs.fold"), onClick: (event) => (event.stopPropagation(), this.turn(row)) }, row.closed ? "▸" : "▾")
      : null;
    return h(
      "span",
      { className: "name", style: { "padding-left": `${row.depth * 18 + (fold || !this.hasTree ? 0 : 20)}px` } },
      fold,
      h("span", { className: "swatch", "aria-hidden": true, style: { background: this.colours.of(row.key).colour } }),
      h("a", { href: runLink(row.key), "data-inside": true, tabindex: -1, title: `${row.name ?? ""} ${row.key}`.trim() }, row.name || row.id),
    );
  }

  took(row) {
    const began = row.status === "Running" && row.started ? new Date(row.started).getTime() : null;
    if (began === null) return duration(row.duration);
    return h("span", { "data-ticks": began }, duration((Date.now() - began) / 1000));
  }

  card(row) {
    const metrics = this.ids.map((id) => id.replace(/^!/, "")).filter(isMetric).slice(0, 3);
    return [
      h("div", { className: "card-line" }, this.box(row), this.name(row), h("span", { className: "spring" }), statusOf(row.status)),
      h("div", { className: "card-line faint" }, row.problem ?? [row.experiment, " · ", moment(row.started ?? row.created), " · ", this.took(row)]),
      h("div", { className: "card-line" }, metrics.filter((id) => row.cells[id] !== null && row.cells[id] !== undefined).map((id) => h("span", { className: "card-metric" }, h("span", { className: "faint" }, `${titleOf(id)} `), number(row.cells[id])))),
    ];
  }

  // ------------------------------------------------------------------ selecting

  box(row) {
    return h("input", { type: "checkbox", tabindex: -1, checked: this.isSelected(row), "aria-label": t("runs.select", { name: row.name || row.id }) });
  }

  allBox() {
    return h("input", {
      type: "checkbox",
      tabindex: -1,
      checked: this.isAll,
      indeterminate: !this.isAll && this.chosen.size > 0,
      "aria-label": t("runs.selectall"),
      title: t("runs.selectall"),
      onChange: () => {
        const isAll = !this.isAll;
        this.clear();
        this.isAll = isAll;
        this.draw();
      },
    });
  }

  isSelected(row) {
    return this.isAll ? row.fits : this.chosen.has(row.key);
  }

  async select(place, { range, isOn }) {
    if (this.isAll) {
      this.isAll = false;
      for (const row of this.rows.values()) if (row.fits) this.chosen.set(row.key, row);
    }
    const [first, last] = range === null ? [place, place] : [Math.min(place, range), Math.max(place, range)];
    if (last - first >= CHUNK) await this.fill(first, last);
    for (let at = first; at <= last; at += 1) {
      const row = this.rows.get(at);
      if (row && isOn) this.chosen.set(row.key, row);
      else if (row) this.chosen.delete(row.key);
    }
    this.draw();
  }

  /** Have the rows of a long range here. */
  async fill(first, last) {
    for (let offset = first; offset <= last; offset += 1000) {
      this.take(await get("api/runs", this.params({ columns: [], offset, limit: Math.min(1000, last - offset + 1) })), []);
    }
    this.have.clear();
  }

  clear() {
    this.chosen.clear();
    this.isAll = false;
  }

  turn(row) {
    if (!this.turned.delete(row.key)) this.turned.add(row.key);
    this.load();
  }

  sortBy({ id }, isSecond) {
    if (id === "select" || id === "tags") return;
    const now = this.sort;
    const before = now.find((name) => name.replace(/^-/, "") === id);
    // Up, down, off.
    const next = before === undefined ? id : before === id ? `-${id}` : null;
    const others = isSecond ? now.filter((name) => name !== before) : [];
    this.put({ sort: joined([...others, next].filter(Boolean)) || null });
  }

  compare() {
    const { where, exp } = this.state;
    if (this.isAll) go({ view: "compare", all: 1, where, exp });
    else if (this.chosen.size > 1) go({ view: "compare", runs: joined([...this.chosen.keys()]) });
  }

  hide() {
    for (const key of this.chosen.keys()) this.hidden.add(key);
    remember("runs.hidden", [...this.hidden]);
    this.clear();
    this.load();
  }

  unhide() {
    this.hidden.clear();
    remember("runs.hidden", []);
    this.load();
  }

  async copy(button, write) {
    const rows = this.isAll ? await this.everything([]) : [...this.chosen.values()];
    await copyText(write(rows), button);
  }

  // ------------------------------------------------------------------ columns

  toggleChooser() {
    this.isChooserOpen = !this.isChooserOpen;
    this.chooser.hidden = !this.isChooserOpen;
    this.drawBar();
    if (this.isChooserOpen) this.drawChooser(true);
  }

  drawChooser(isNew = false) {
    if (isNew) {
      const search = h("input", { type: "search", placeholder: t("runs.find"), "aria-label": t("runs.find"), onInput: () => this.drawChooser() });
      this.search = search;
      this.taken = h("ol", { className: "taken" });
      this.offered = h("ul", { className: "offered" });
      fill(this.chooser, h("div", null, h("button", { className: "quiet", onClick: () => (remember("runs.columns", null), this.put({ cols: null }), this.drawChooser()) }, t("runs.reset")), this.taken), h("div", null, search, this.offered));
    }
    const ids = this.ids;
    fill(this.taken, ids.map((text, place) => this.takenColumn(ids, text, place)));
    const sought = this.search.value.toLowerCase();
    const plain = new Set(ids.map((id) => id.replace(/^!/, "")));
    const names = [...FACTS, ...this.known.filter((column) => column.kind !== "fact").map((column) => column.name)];
    const found = names.filter((name) => name.toLowerCase().includes(sought));
    fill(this.offered, found.slice(0, 200).map((name) => this.offeredColumn(ids, plain, name)), found.length > 200 && h("li", { className: "faint" }, `+ ${found.length - 200}`));
  }

  takenColumn(ids, text, place) {
    const id = text.replace(/^!/, "");
    const move = (by) => {
      const next = [...ids];
      const [taken] = next.splice(place, 1);
      next.splice(Math.max(0, place + by), 0, taken);
      this.setColumns(next);
    };
    const pin = () => this.setColumns(ids.map((one) => (one !== text ? one : one.startsWith("!") ? id : `!${id}`)));
    const item = h(
      "li",
      { draggable: "true", "data-column": id },
      h("button", { className: "quiet", "aria-label": t("runs.left", { name: id }), onClick: () => move(-1), disabled: place === 0 }, "↑"),
      h("button", { className: "quiet", "aria-label": t("runs.right", { name: id }), onClick: () => move(1), disabled: place === ids.length - 1 }, "↓"),
      h("button", { className: "quiet", "aria-label": t("runs.pin", { name: id }), "aria-pressed": String(text.startsWith("!")), onClick: pin }, "⚲"),
      h("span", { className: "mono" }, titleOf(id)),
      h("button", { className: "quiet", "aria-label": t("runs.remove", { name: titleOf(id) }), onClick: () => this.setColumns(ids.filter((one) => one !== text)) }, "×"),
    );
    item.addEventListener("dragstart", () => (this.dragged = place));
    item.addEventListener("dragover", (event) => event.preventDefault());
    item.addEventListener("drop", (event) => {
      event.preventDefault();
      const next = [...ids];
      const [taken] = next.splice(this.dragged, 1);
      next.splice(place, 0, taken);
      this.setColumns(next);
    });
    return item;
  }

  offeredColumn(ids, plain, name) {
    const toggle = (id) => this.setColumns(plain.has(id) ? ids.filter((one) => one.replace(/^!/, "") !== id) : [...ids, id]);
    const figures = name.startsWith("metrics.") && h("select", { "aria-label": `${t("runs.figure")} ${name}`, onChange: (event) => event.target.value && toggle(`${event.target.value}(${name})`) }, h("option", { value: "" }, t("runs.figure")), ["min", "max", "mean", "count", "step"].map((figure) => h("option", { value: figure }, figure)));
    return h("li", null, h("label", null, h("input", { type: "checkbox", checked: plain.has(name), onChange: () => toggle(name) }), " ", h("span", { className: "mono" }, name in WIDTHS ? titleOf(name) : name)), figures);
  }

  // ------------------------------------------------------------------ groups

  drawGroups() {
    this.table?.dispose();
    this.table = null;
    const ids = this.asked(this.ids.map((id) => id.replace(/^!/, ""))).filter(isMetric);
    const shownAll = this.facts.groups;
    const sorted = this.sortedGroups(shownAll);
    const groups = sorted.filter((group) => !this.hiddenGroups.has(JSON.stringify(group.values))).slice(0, MOST_GROUPS);
    // The scale is that of all groups, so that hiding one moves no other.
    const scales = new Map(ids.map((id) => [id, scaleOf(shownAll.map((group) => group.cells[id]))]));
    const hiddenCount = shownAll.length - sorted.filter((group) => !this.hiddenGroups.has(JSON.stringify(group.values))).length;
    fill(
      this.place,
      hiddenCount > 0 && h("p", null, h("button", { onClick: () => (this.hiddenGroups.clear(), this.drawGroups()) }, t("runs.show", { count: hiddenCount }))),
      h(
        "div",
        { className: "groups-scroll", tabindex: 0, role: "region", "aria-label": t("runs.group") },
        h(
          "table",
          { className: "groups" },
          h("thead", null, h("tr", null, h("td", null), this.group.map((id) => h("th", { scope: "col" }, titleOf(id))), this.groupHead("count", t("runs.runs")), ids.map((id) => this.groupHead(id, titleOf(id))))),
          h("tbody", null, groups.map((group) => this.groupRow(group, ids, scales))),
        ),
      ),
    );
  }

  groupHead(id, text) {
    const now = this.groupSort ?? [];
    const sort = now[0] === id ? (now[1] > 0 ? "ascending" : "descending") : "none";
    const turn = () => {
      this.groupSort = now[0] === id && now[1] > 0 ? [id, -1] : [id, 1];
      this.drawGroups();
    };
    return h("th", { scope: "col", className: "number", "aria-sort": sort }, h("button", { className: "quiet sort", onClick: turn }, text, sort === "none" ? "" : now[1] > 0 ? " ▲" : " ▼"));
  }

  sortedGroups(groups) {
    if (!this.groupSort) return groups;
    const [id, sign] = this.groupSort;
    const read = (group) => (id === "count" ? group.count : (group.cells[id]?.centre ?? null));
    return [...groups].sort((one, other) => {
      const [a, b] = [read(one), read(other)];
      if (a === null || b === null) return (a === null) - (b === null);
      return sign * (a - b);
    });
  }

  groupRow(group, ids, scales) {
    const key = JSON.stringify(group.values);
    const { where } = this.state;
    const inside = group.where === null ? null : where ? `(${where}) and ${group.where}` : group.where;
    const open = (text) => (inside === null ? text : h("a", { "data-inside": true, href: urlOf({ ...this.state, group: null, where: inside }) }, text));
    return h(
      "tr",
      { "data-group": key },
      h("td", null, h("button", { className: "quiet", "aria-label": `${t("runs.hide")} ${group.values.map(valueText).join(", ")}`, onClick: () => (this.hiddenGroups.add(key), this.drawGroups()) }, "×")),
      group.values.map((value) => h("td", null, open(value === null ? h("em", { className: "faint" }, t("runs.missing")) : shownValue(value)))),
      h("td", { className: "number" }, group.count, h("div", { className: "statuses" }, Object.entries(group.statuses).map(([name, count]) => h("span", { className: "status", "data-status": name }, `${count} ${name}`)))),
      ids.map((id) => h("td", { className: "number" }, figureOf(group.cells[id], scales.get(id)))),
    );
  }

  // ------------------------------------------------------------------ out

  async out(kind, button) {
    const table = this.facts.groups ? this.groupTable() : await this.runTable();
    const text = { CSV: csvOf, Markdown: markdownOf, LaTeX: latexOf }[kind](table);
    if (kind === "CSV") download(new Blob([text], { type: "text/csv" }), "runs.csv");
    else await copyText(text, button);
  }

  async runTable() {
    const ids = ["name", ...this.ids.map((id) => id.replace(/^!/, ""))];
    const rows = await this.wanted(this.asked(ids));
    const plain = (row, id) => {
      if (id === "tags") return Object.entries(row.tags).map(([name, value]) => (value === null ? name : `${name}=${value}`)).join(" ");
      if (id === "name") return row.name || row.id;
      return id in row ? row[id] : row.cells[id];
    };
    return { head: ["run", ...ids], rows: rows.map((row) => [row.key, ...ids.map((id) => plain(row, id))]) };
  }

  groupTable() {
    const ids = this.asked(this.ids.map((id) => id.replace(/^!/, ""))).filter(isMetric);
    const groups = this.sortedGroups(this.facts.groups);
    const head = [...this.group, "runs", ...ids.flatMap((id) => [id, `${id} low`, `${id} high`, `${id} n`])];
    const cells = (cell) => (cell ? [cell.centre, cell.low, cell.high, cell.n] : ["", "", "", 0]);
    return { head, rows: groups.map((group) => [...group.values, group.count, ...ids.flatMap((id) => cells(group.cells[id]))]) };
  }
}

// ---------------------------------------------------------------------- texts and small pictures

const sparkKey = (row, name) => `${row.key} ${row.status === "Running" ? row.cells[`metrics.${name}`] : ""} ${name}`;

/** Whether a column holds a figure of a metric. */
export const isMetric = (id) => /^(\w+\()?metrics\./.test(id);

const isNumber = (id) => isMetric(id) || id === "duration" || id === "number" || id.startsWith("params.");

/** A column's title: for what the viewer knows a word, else its name without what kind it is of. */
export function titleOf(id) {
  if (id === "experiment") return t("runs.experimentcolumn");
  if (id in WIDTHS || id === "name") return t(`runs.${id}`);
  const found = /^(?:(\w+)\()?(?:metrics|params|tags|properties)\.([^]*?)(\))?$/.exec(id);
  if (!found) return id;
  return found[1] ? `${found[1]} ${found[2]}` : `${found[2]}${found[3] ?? ""}`;
}

/** A value as text; what is missing is "". */
export function valueText(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return number(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

const shownValue = (value) => (value === "" ? '""' : valueText(value));

const statusOf = (status) => h("span", { className: "status", "data-status": status }, status);

function tagsOf(tags) {
  return Object.entries(tags).map(([name, value]) => h("span", { className: "tag", title: `${name}: ${value ?? ""}` }, value === null ? name : `${name}: ${value}`));
}

/** A curve the size of a word. */
export function spark(values, { colour }) {
  const finite = values.filter((value) => typeof value === "number");
  const low = Math.min(...finite);
  const span = Math.max(...finite) - low || 1;
  const x = (place) => 2 + (place / Math.max(values.length - 1, 1)) * 66;
  const y = (value) => 20 - ((value - low) / span) * 18;
  let path = "";
  let isDown = false;
  values.forEach((value, place) => {
    if (typeof value !== "number") return (isDown = false);
    path += `${isDown ? "L" : "M"}${x(place).toFixed(1)} ${y(value).toFixed(1)}${isDown ? "" : "h0.01"}`;
    isDown = true;
  });
  return s("svg", { class: "spark", width: 70, height: 22, viewBox: "0 0 70 22", "aria-hidden": "true" }, s("path", { d: path, fill: "none", stroke: colour, "stroke-width": 1.4, "stroke-linecap": "round" }));
}

function scaleOf(cells) {
  const ends = cells.flatMap((cell) => [cell?.low, cell?.high, cell?.centre]).filter((value) => typeof value === "number");
  return ends.length ? [Math.min(...ends), Math.max(...ends)] : null;
}

function figureOf(cell, scale) {
  if (!cell || cell.centre === null) return cell?.nonfinite ? `NaN × ${cell.nonfinite}` : "";
  const [low, high] = scale;
  const x = (value) => 3 + ((value - low) / (high - low || 1)) * 94;
  const band = cell.low === null ? null : `${number(cell.low, 4)} – ${number(cell.high, 4)}`;
  const more = cell.nonfinite ? `, ${cell.nonfinite} NaN` : "";
  return [
    h("div", { className: "centre" }, number(cell.centre)),
    s("svg", { class: "band", width: 100, height: 10, viewBox: "0 0 100 10", "aria-hidden": "true" }, cell.low !== null && s("path", { d: `M${x(cell.low)} 5H${x(cell.high)}`, class: "range" }), s("circle", { cx: x(cell.centre), cy: 5, r: 3 })),
    h("div", { className: "faint" }, band ? `${band} · n ${cell.n}${more}` : `n ${cell.n}${more}`),
  ];
}

/** Rows as CSV; a text that a spreadsheet would run as a formula is made a text. */
export function csvOf({ head, rows }) {
  const cell = (value) => {
    const isText = typeof value === "string";
    const text = valueExact(value);
    const safe = isText && /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) && !/^-?Infinity$/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [head, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

const valueExact = (value) => (value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));

/** Rows as a table of Markdown. */
export function markdownOf({ head, rows }) {
  const cell = (value) => valueText(value).replaceAll("\\", "\\\\").replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll(/\s+/g, " ");
  const line = (row) => `| ${row.map(cell).join(" | ")} |\n`;
  return line(head) + line(head.map(() => "---")) + rows.map(line).join("");
}

const LATEX = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}" };

/** Rows as a table of LaTeX. */
export function latexOf({ head, rows }) {
  const cell = (value) => valueText(value).replaceAll(/\s+/g, " ").replaceAll(/[\\~^&%$#_{}]/g, (letter) => LATEX[letter] ?? `\\${letter}`);
  const line = (row) => `${row.map(cell).join(" & ")} \\\\\n`;
  const columns = head.map((_, place) => (rows.every((row) => row[place] === null || row[place] === undefined || typeof row[place] === "number") ? "r" : "l")).join("");
  return `\\begin{tabular}{${columns}}\n\\hline\n${line(head)}\\hline\n${rows.map(line).join("")}\\hline\n\\end{tabular}\n`;
}

/** Python that opens runs. */
export function pythonOf(rows) {
  return `from runlogging import open_run\n\nruns = [\n${rows.map((row) => `    open_run(${JSON.stringify(row.path)}),\n`).join("")}]\n`;
}
