// The legend of a chart: which line is which, what of it is not finite; pointing at an entry lets its line stand out in all
// charts, and a click hides it in all of them.

import { h } from "./dom.js";
import { addWords, t } from "./words.js";

addWords({
  "legend.hide": ["Hide {name} in all charts", "{name} をすべてのグラフで隠す"],
  "legend.more": ["{count} more", "他 {count} 件"],
});

const MOST = 12;

/** Return the entries of a card's legend; one line alone has one only where something of it is not finite. */
export function legendOf(card, columns) {
  const { lines } = columns;
  if (lines.length === 1 && !lines[0].low) return badOf(lines[0]) && h("span", { className: "legend-entry" }, badOf(lines[0]));
  const more = lines.length - MOST;
  return [lines.slice(0, card.isWhole ? Infinity : MOST).map((line) => entry(card, line)),
    more > 0 && !card.isWhole && h("button", { className: "quiet", onClick: () => ((card.isWhole = true), card.say()) }, t("legend.more", { count: more }))];
}

function entry(card, line) {
  const { group } = card;
  const { colour, dash } = card.colours.of(line.run);
  const name = card.label(line);
  const isHidden = group.hidden.has(line.key);
  const count = line.info.runs === undefined ? null : h("span", { className: "faint" }, ` n ${line.info.runs}`);
  const point = (key) => () => group.highlight(key);
  return h("span", { className: "legend-entry" },
    h("button", {
      className: "quiet legend-line", "aria-pressed": String(!isHidden), title: t("legend.hide", { name }), "data-line": line.key, onClick: () => turn(card, line.key),
      onPointerenter: point(line.key), onPointerleave: point(null), onFocus: point(line.key), onBlur: point(null),
    }, swatch(colour, dash), name), count, badOf(line) && [" ", badOf(line)]);
}

function turn(card, key) {
  card.group.toggle(key);
  // The legend was made anew; the keyboard stays where it was.
  [...card.facts.querySelectorAll("[data-line]")].find((button) => button.dataset.line === key)?.focus();
}

function swatch(colour, dash) {
  // The dashes tell equal colours apart, so the swatch has them, too.
  const [on, off] = dash.length ? dash : [1, 0];
  const stripes = `repeating-linear-gradient(90deg, ${colour} 0 ${on}px, transparent ${on}px ${on + off}px)`;
  return h("span", { className: "swatch line", style: { background: stripes } });
}

function badOf(line) {
  const text = Object.entries(line.nonfinite).map(([kind, count]) => `${kind} \u00d7${count}`).join(", ");
  return text && h("span", { className: "bad-count", "data-what": "nonfinite" }, text);
}
