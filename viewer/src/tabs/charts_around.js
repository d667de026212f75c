// Beside the charts: the log lines around the point that is pointed at.

import { get } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { clock } from "../base/format.js";
import { addWords, t } from "../base/words.js";

addWords({
  "around.title": ["Log around this point", "この点の前後のログ"],
  "around.hint": ["Point at a curve: the log lines around that moment stand here.", "曲線を指すと、その時点の前後のログがここに表示されます。"],
  "around.none": ["No log lines around here.", "この前後にログはありません。"],
});

const LINES = 15;

/** Fill an element with the lines around the time line's cursor; `scroller` is what scrolls to the point itself. */
export function openAround(element, context, scroller = element) {
  const title = h("h2", null, t("around.title"));
  const place = h("p", { className: "faint mono" });
  const list = h("ol", { className: "around" }, h("li", { className: "faint" }, t("around.hint")));
  fill(element, title, place, list);
  let isGone = false;
  const ask = oneByOne(async (cursor) => {
    try {
      const found = await get("api/around", { run: context.run, time: cursor.time, seq: cursor.seq, writer: cursor.writer, n: LINES, early: 1 });
      if (!isGone) showLines(found.entries, cursor);
    } catch (error) {
      if (!isGone) fill(list, h("li", { className: "faint" }, error.message));
    }
  });

  function showLines(entries, cursor) {
    fill(list, entries.length ? entries.map((entry) => line(entry, cursor)) : h("li", { className: "faint" }, t("around.none")));
    // Only the list moves: scrollIntoView would take the page along, away from the chart that is pointed at.
    const here = list.querySelector("[aria-current]");
    if (here) scroller.scrollTop = here.offsetTop - scroller.offsetTop - scroller.clientHeight / 2;
  }

  function line(entry, cursor) {
    const choose = () => context.timeline.setCursor({ time: entry.time, step: entry.step ?? null, seq: entry.seq, writer: entry.writer, source: "around" });
    const isHere = entry.seq === cursor.seq && entry.writer === cursor.writer;
    return h("li", null, h("button", { className: "around-line", "data-level": entry.level, "aria-current": isHere && "true", onClick: choose },
      h("span", { className: "mono faint" }, clock(entry.time)), " ", h("span", { className: "level" }, entry.level || ""), " ", h("span", { className: "text" }, entry.message || metricsText(entry))));
  }

  return {
    show(cursor) {
      if (!cursor) return;
      place.textContent = [cursor.time, cursor.step === null || cursor.step === undefined ? null : `step ${cursor.step}`].filter(Boolean).join("  ");
      if (cursor.source !== "around") ask(cursor);
    },
    dispose() {
      isGone = true;
      element.replaceChildren();
    },
  };
}

/**
 * Do something at once; of what comes while it is being done only the last is done after it. A pause before asking would
 * be half of the time that people wait for the lines.
 */
function oneByOne(work) {
  let isBusy = false;
  let next = null;
  return async function ask(what) {
    next = what;
    if (isBusy) return;
    isBusy = true;
    while (next) {
      const one = next;
      next = null;
      await work(one);
    }
    isBusy = false;
  };
}

function metricsText(entry) {
  return Object.entries(entry.metrics ?? {}).slice(0, 4).map(([name, value]) => `${name}=${value}`).join(" ");
}
