// The page of a root without runs: where was looked, what for, what lies nearby, and how to make a run.

import { fill, h } from "../base/dom.js";
import { watch } from "../base/live.js";
import { root } from "../base/root.js";
import { addWords, t } from "../base/words.js";

addWords({
  "empty.missing": ["This folder is not there yet", "このフォルダーはまだありません"],
  "empty.none": ["No runs here yet", "実行はまだありません"],
  "empty.folder": ["Folder", "フォルダー"],
  "empty.sought": ["Looked for", "探したもの"],
  "empty.near": ["Folders nearby that hold runs", "近くにある、実行を含むフォルダー"],
  "empty.open": ["Show one of them: {command}", "表示するには: {command}"],
  "empty.sample": ["Three lines make a run there", "次の 3 行で実行を作れます"],
  "empty.waits": [
    "This page shows the first run as soon as it is there.",
    "最初の実行ができると、このページに表示されます。",
  ],
});

// Paths have no spaces to break at, and a telephone is narrow.
const BREAKS = { "overflow-wrap": "anywhere" };

/** Show it; `onRuns` is called when there are runs. */
export function show(container, onRuns) {
  const stop = watch("runs", async () => {
    const facts = await root().catch(() => null);
    if (facts?.has_runs) onRuns();
    else if (facts) draw(container, facts);
  });
  return { update() {}, dispose: stop };
}

/** Draw what is known. */
export function draw(container, facts) {
  const near = facts.near ?? [];
  fill(
    container,
    h("h1", null, t(facts.exists ? "empty.none" : "empty.missing")),
    h("table", null, h("tbody", null, row("empty.folder", facts.root), row("empty.sought", facts.sought))),
    near.length && [
      h("h2", null, t("empty.near")),
      h("ul", null, near.map((path) => h("li", null, h("code", { style: BREAKS }, path)))),
      h("p", { className: "faint" }, t("empty.open", { command: "runlogging view FOLDER" })),
    ],
    h("h2", null, t("empty.sample")),
    h("pre", { tabindex: 0, className: "sample" }, facts.sample.join("\n")),
    h("p", { className: "faint" }, t("empty.waits")),
  );
}

function row(name, text) {
  return h("tr", null, h("th", { scope: "row" }, t(name)), h("td", { className: "mono", style: BREAKS }, text));
}
