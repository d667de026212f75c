// Beside the charts: the log lines around the point that is pointed at.

import { latest } from "../base/api.js";
import { fill, h, settled } from "../base/dom.js";
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
  const asker = latest();
  const title = h("h2", null, t("around.title"));
  const place = h("p", { className: "faint mono" });
  const list = h("ol", { className: "around" }, h("li", { className: "faint" }, t("around.hint")));
  fill(element, title, place, list);
  const ask = settled(async (cursor) => {
    try {
      const found = await asker("api/around", { run: context.run, time: cursor.time, seq: cursor.seq, writer: cursor.writer, n: LINES });
      fill(list, found.entries.length ? found.entries.map((entry) => line(entry, cursor)) : h("li", { className: "faint" }, t("around.none")));
      // Only the list moves: scrollIntoView would take the page along, away from the chart that is pointed at.
      const here = list.querySelector("[aria-current]");
      if (here) scroller.scrollTop = here.offsetTop - scroller.offsetTop - scroller.clientHeight / 2;
    } catch (error) {
      if (error.name !== "AbortError") fill(list, h("li", { className: "faint" }, error.message));
    }
  }, 60);

  function line(entry, cursor) {
    const choose = () => context.timeline.setCursor({ time: entry.time, step: entry.step ?? null, seq: entry.seq, writer: entry.writer, source: "logs" });
    const isHere = entry.seq === cursor.seq && entry.writer === cursor.writer;
    return h("li", null, h("button", { className: "around-line", "data-level": entry.level, "aria-current": isHere && "true", onClick: choose },
      h("span", { className: "mono faint" }, clock(entry.time)), " ", h("span", { className: "level" }, entry.level || ""), " ", h("span", { className: "text" }, entry.message || metricsText(entry))));
  }

  return {
    show(cursor) {
      if (!cursor) return;
      place.textContent = [cursor.time, cursor.step === null || cursor.step === undefined ? null : `step ${cursor.step}`].filter(Boolean).join("  ");
      if (cursor.source === "chart") ask(cursor);
    },
    dispose() {
      element.replaceChildren();
    },
  };
}

function metricsText(entry) {
  return Object.entries(entry.metrics ?? {}).slice(0, 4).map(([name, value]) => `${name}=${value}`).join(" ");
}
