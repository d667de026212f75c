// The head of a run's page: its name, status, time and tags.

import { RUN_COLOURS } from "../base/colours.js";
import { fill, h } from "../base/dom.js";
import { duration, moment } from "../base/format.js";
import { copyText } from "../base/handout.js";
import { urlOf } from "../base/state.js";
import { visibleName } from "../base/visible.js";
import { addWords, t } from "../base/words.js";

addWords({
  "run.colour": ["Colour of the run: {name}. Choose the next.", "実行の色: {name}。次の色を選ぶ。"],
  "run.copypath": ["Copy path", "パスをコピー"],
  "run.number": ["run {number}", "実行 {number}"],
});

const RUNNING = ["Running", "Finalizing", "CancelRequested"];

export class RunHead {
  /** run: experiment/id; onColour is called when another colour was chosen. */
  constructor(run, colours, onColour) {
    Object.assign(this, { run, colours, onColour });
    this.element = h("div", { className: "run-head" });
  }

  /** Show what `api/run` answers. */
  show({ facts }) {
    this.facts = facts;
    const [experiment] = this.run.split("/");
    const name = visibleName(facts.name || facts.id);
    document.title = `${name} \u2013 ${experiment}`;
    fill(document.querySelector("#crumbs"), h("a", { href: urlOf({ experiment }), "data-inside": true }, experiment), " / ", name);
    this.length = h("span", null);
    this.status = h("span", { className: "status" });
    fill(this.element,
      h("div", { className: "run-title" }, this.swatch(), h("h1", null, name), this.status),
      h("div", { className: "run-facts faint" },
        facts.number !== null && h("span", null, t("run.number", { number: facts.number })), h("span", { className: "mono" }, facts.id),
        facts.started && h("span", null, moment(facts.started)), this.length,
        h("button", { className: "quiet", onClick: (event) => copyText(facts.path, event.currentTarget), title: facts.path }, t("run.copypath"))),
      facts.description && h("p", { className: "run-description" }, facts.description),
      h("div", { className: "run-tags" }, Object.entries(facts.tags).map(([tag, value]) => h("span", { className: "tag" }, value === null ? tag : `${tag}=${value}`))));
    this.tick();
  }

  swatch() {
    const { colour, name, place } = this.colours.of(this.run);
    const label = t("run.colour", { name });
    const next = () => {
      this.colours.choose(this.run, (place + 1) % RUN_COLOURS.length);
      this.onColour();
    };
    return h("button", { className: "swatch-button", "aria-label": label, title: label, style: { background: colour }, onClick: next });
  }

  /** A second went by. */
  tick() {
    const { facts } = this;
    this.status.dataset.status = facts.status;
    if (this.status.textContent !== facts.status) this.status.textContent = facts.status;
    const isRunning = RUNNING.includes(facts.status);
    const seconds = isRunning && facts.started ? (Date.now() - Date.parse(facts.started)) / 1000 : facts.seconds;
    this.length.textContent = duration(seconds);
  }
}
